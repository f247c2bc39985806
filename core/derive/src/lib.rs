//! `#[derive(Fold)]`: folds a value's fields, in order, into a fingerprint.
//!
//! A struct folds its fields; an enum folds the index of the variant as one word and then the
//! variant's fields. Nothing about layout, alignment or pointer width takes part, which is what a
//! derived `Hash` cannot promise. A field marked `#[fold(skip)]` takes no part: for what is counted or
//! remembered and makes no difference to what happens next.

use proc_macro::TokenStream;
use proc_macro2::TokenStream as Tokens;
use quote::{format_ident, quote};
use syn::{Data, DeriveInput, Field, Fields, parse_macro_input, parse_quote};

/// Derives `interregnum_core::Fold` for a struct or an enum.
#[proc_macro_derive(Fold, attributes(fold))]
pub fn derive_fold(input: TokenStream) -> TokenStream {
    let mut input = parse_macro_input!(input as DeriveInput);
    let name = input.ident.clone();
    let body = match &input.data {
        Data::Struct(data) => {
            let (pattern, folds) = fields(&data.fields);
            quote! { let Self #pattern = self; #folds }
        }
        Data::Enum(data) if data.variants.is_empty() => quote! { match *self {} },
        Data::Enum(data) => {
            let arms = data.variants.iter().enumerate().map(|(index, variant)| {
                let ident = &variant.ident;
                let index = index as u64;
                let (pattern, folds) = fields(&variant.fields);
                quote! { Self::#ident #pattern => { into.word(#index); #folds } }
            });
            quote! { match self { #(#arms)* } }
        }
        Data::Union(_) => {
            return syn::Error::new_spanned(&name, "a union cannot be folded")
                .into_compile_error()
                .into();
        }
    };
    let types: Vec<_> = input.generics.type_params().map(|p| p.ident.clone()).collect();
    let clause = input.generics.make_where_clause();
    for ty in types {
        clause.predicates.push(parse_quote! { #ty: ::interregnum_core::Fold });
    }
    let (generics, type_generics, clause) = input.generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #generics ::interregnum_core::Fold for #name #type_generics #clause {
            #[inline]
            fn fold(&self, into: &mut ::interregnum_core::Folder) { #body }
        }
    }
    .into()
}

/// Whether the field takes no part.
fn is_skipped(field: &Field) -> bool {
    let skips = |tokens: &syn::meta::ParseNestedMeta<'_>| tokens.path.is_ident("skip");
    field.attrs.iter().filter(|attribute| attribute.path().is_ident("fold")).any(|attribute| {
        let mut skip = false;
        let parsed = attribute.parse_nested_meta(|meta| {
            skip |= skips(&meta);
            Ok(())
        });
        parsed.is_ok() && skip
    })
}

/// The pattern that binds every field, and the statements that fold them in order.
fn fields(fields: &Fields) -> (Tokens, Tokens) {
    match fields {
        Fields::Named(named) => {
            let folded = named.named.iter().filter(|field| !is_skipped(field));
            let names: Vec<_> = folded.map(|field| field.ident.clone()).collect();
            let others = (names.len() < named.named.len()).then(|| quote! { .. });
            (
                quote! { { #(#names,)* #others } },
                quote! { #(::interregnum_core::Fold::fold(#names, into);)* },
            )
        }
        Fields::Unnamed(unnamed) => {
            let names: Vec<_> =
                (0..unnamed.unnamed.len()).map(|i| format_ident!("field{i}")).collect();
            (
                quote! { ( #(#names),* ) },
                quote! { #(::interregnum_core::Fold::fold(#names, into);)* },
            )
        }
        Fields::Unit => (quote! {}, quote! {}),
    }
}
