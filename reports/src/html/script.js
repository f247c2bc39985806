'use strict';
// The page works without this: it adds a button that copies, and lets addresses work with the switches.
for (const button of document.querySelectorAll('button.copy')) {
  const label = button.textContent;
  const line = button.parentElement.querySelector('code');
  button.hidden = false;
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(line.textContent);
      button.textContent = 'Copied';
    } catch {
      getSelection().selectAllChildren(line);
      button.textContent = 'Selected';
    }
    setTimeout(() => { button.textContent = label; }, 2000);
  });
}
const show = () => {
  const row = document.getElementById(location.hash.slice(1));
  const part = row && row.closest('.spacetime');
  if (part && row.classList.contains('beside')) part.querySelector('input.all').checked = true;
  if (row) row.scrollIntoView({ block: 'center' });
};
for (const led of document.querySelectorAll('.spacetime input.led')) {
  led.addEventListener('change', () => {
    if (location.hash) location.hash = led.closest('.spacetime').id;
  });
}
addEventListener('hashchange', show);
show();
