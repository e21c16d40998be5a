//! Texts of the window in the language of its user: [`tr!`], [`trn!`] and [`msg!`].
//!
//! The English sentence stands in the code and is the key of the message files (`assets/lang`), as in GNU gettext.
//! A macro of `macro_rules!` cannot see the placeholders inside a literal, and without them a translation could not
//! put `{name}` elsewhere in its sentence: that is all these macros do. What they expand to is in `src/app/lang.rs`.

use proc_macro::{Delimiter, Group, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree};

/// A text in the language of the user.
///
/// `tr!("Open files")` is a `&'static str`; with placeholders, as those of `format!`, it is a `String`:
/// `tr!("{shown} of {}", names.len())`. A word that needs different translations in different places gets a context,
/// which no one sees: `tr!("verb" => "Open")`.
#[proc_macro]
pub fn tr(input: TokenStream) -> TokenStream {
    Call::parse(input, 1).map_or_else(failure, |call| call.single())
}

/// A text that depends on a number: `trn!(n, "{n} file", "{n} files")`, a `String`. Languages have other rules than
/// English for which form a number takes.
#[proc_macro]
pub fn trn(input: TokenStream) -> TokenStream {
    let mut pieces = split(input).into_iter();
    let (Some(number), Some(one), Some(many)) = (pieces.next(), pieces.next(), pieces.next()) else {
        return failure("trn! takes a number, the text for one and the text for several");
    };
    let rest: Vec<TokenStream> = pieces.collect();
    let one = Call::of(one, rest.clone());
    let many = Call::of(many, rest);
    match (one, many) {
        (Ok(one), Ok(many)) => plural(number, &one, &many),
        (Err(why), _) | (_, Err(why)) => failure(why),
    }
}

/// Marks a text that is translated later, where it is shown, by `lang::t`: for constants and tables.
#[proc_macro]
pub fn msg(input: TokenStream) -> TokenStream {
    Call::parse(input, 0).map_or_else(failure, |call| call.key())
}

/// A placeholder: its name or number, and the whole of it with its format.
struct Hole {
    name: String,
    whole: String,
}

/// What the macro was given.
struct Call {
    context: Option<Literal>,
    text: Literal,
    args: Vec<TokenStream>,
    holes: Vec<Hole>,
    braces: bool,
}

impl Call {
    fn parse(input: TokenStream, least: usize) -> Result<Self, &'static str> {
        let mut pieces = split(input).into_iter();
        let text = pieces.next().ok_or("a text is missing")?;
        let args: Vec<TokenStream> = pieces.collect();
        if least == 0 && !args.is_empty() {
            return Err("msg! takes a text alone");
        }
        Self::of(text, args)
    }

    fn of(text: TokenStream, args: Vec<TokenStream>) -> Result<Self, &'static str> {
        let tokens: Vec<TokenTree> = text.into_iter().collect();
        let (context, text) = match tokens.as_slice() {
            [TokenTree::Literal(text)] => (None, text.clone()),
            [TokenTree::Literal(context), TokenTree::Punct(a), TokenTree::Punct(b), TokenTree::Literal(text)]
                if a.as_char() == '=' && b.as_char() == '>' =>
            {
                (Some(context.clone()), text.clone())
            }
            _ => return Err("the text is a literal, as in tr!(\"Open\") or tr!(\"verb\" => \"Open\")"),
        };
        let source = text.to_string();
        if !source.starts_with('"') {
            return Err("the text is an ordinary string literal");
        }
        Ok(Self { context, holes: holes(&source), braces: source.contains("{{") || source.contains("}}"), text, args })
    }

    /// The key in the message files.
    fn key(&self) -> TokenStream {
        let Some(context) = &self.context else { return one(self.text.clone()) };
        let mut inside = one(context.clone());
        inside.extend(tokens(",\"\\u{4}\","));
        inside.extend(one(self.text.clone()));
        let mut out = tokens("::core::concat!");
        out.extend(one(Group::new(Delimiter::Parenthesis, inside)));
        out
    }

    fn single(&self) -> TokenStream {
        if self.holes.is_empty() && !self.braces && self.args.is_empty() {
            let mut out = tokens("crate::lang::text");
            out.extend(one(Group::new(Delimiter::Parenthesis, self.key())));
            return out;
        }
        let mut arms = tokens("::core::option::Option::None => ");
        arms.extend(self.english());
        arms.extend(tokens(", ::core::option::Option::Some(template) => template.fill"));
        arms.extend(one(Group::new(Delimiter::Parenthesis, values(&[self]))));
        let mut out = tokens("match crate::lang::template");
        out.extend(one(Group::new(Delimiter::Parenthesis, self.key())));
        out.extend(one(Group::new(Delimiter::Brace, arms)));
        one(Group::new(Delimiter::Brace, out))
    }

    /// The sentence of the code, formatted.
    fn english(&self) -> TokenStream {
        let mut inside = one(self.text.clone());
        for (k, arg) in self.args.iter().enumerate() {
            // The texts for one and for several need not have the same placeholders.
            if self.holes.iter().any(|h| named(arg).map_or(h.name == k.to_string(), |n| n == h.name)) {
                inside.extend(tokens(","));
                inside.extend(arg.clone());
            }
        }
        let mut out = tokens(if self.holes.is_empty() && !self.braces {
            "::std::string::String::from"
        } else {
            "::std::format!"
        });
        out.extend(one(Group::new(Delimiter::Parenthesis, inside)));
        out
    }

    /// The value of one placeholder as `("name", format!("{name:.1}"))`.
    fn value(&self, hole: &Hole) -> TokenStream {
        let arg = self
            .args
            .iter()
            .enumerate()
            .find(|(k, a)| named(a).map_or(hole.name == k.to_string(), |n| n == hole.name))
            .map(|(_, a)| a.clone());
        let mut inside = one(Literal::string(&hole.whole));
        if let Some(arg) = arg {
            inside.extend(tokens(","));
            inside.extend(arg);
        }
        let mut pair = one(Literal::string(&hole.name));
        pair.extend(tokens(", ::std::format!"));
        pair.extend(one(Group::new(Delimiter::Parenthesis, inside)));
        one(Group::new(Delimiter::Parenthesis, pair))
    }
}

/// The values of the placeholders of these calls, each once, as a slice.
fn values(calls: &[&Call]) -> TokenStream {
    let mut seen: Vec<&str> = Vec::new();
    let mut list = TokenStream::new();
    for call in calls {
        for hole in &call.holes {
            if !seen.contains(&hole.name.as_str()) {
                seen.push(&hole.name);
                list.extend(call.value(hole));
                list.extend(tokens(","));
            }
        }
    }
    let mut out = tokens("&");
    out.extend(one(Group::new(Delimiter::Bracket, list)));
    out
}

fn plural(number: TokenStream, one_: &Call, many: &Call) -> TokenStream {
    let mut body = tokens("let several_of = ");
    body.extend(one(Group::new(Delimiter::Parenthesis, number)));
    body.extend(tokens("as u64; match crate::lang::plural"));
    let mut asked = one_.key();
    asked.extend(tokens(", several_of"));
    body.extend(one(Group::new(Delimiter::Parenthesis, asked)));
    let mut arms = tokens("::core::option::Option::None if several_of == 1 => ");
    arms.extend(one_.english());
    arms.extend(tokens(", ::core::option::Option::None => "));
    arms.extend(many.english());
    arms.extend(tokens(", ::core::option::Option::Some(template) => template.fill"));
    arms.extend(one(Group::new(Delimiter::Parenthesis, values(&[many, one_]))));
    body.extend(one(Group::new(Delimiter::Brace, arms)));
    one(Group::new(Delimiter::Brace, body))
}

/// Placeholders of a literal as it stands in the source; those without a name are numbered.
fn holes(source: &str) -> Vec<Hole> {
    let mut out = Vec::new();
    let mut number = 0;
    let mut rest = source;
    while let Some(at) = rest.find('{') {
        let (before, after) = (&rest[..at], &rest[at + 1..]);
        let Some(end) = after.find('}') else { break };
        if before.ends_with("\\u") {
            rest = &after[end + 1..];
            continue;
        }
        if let Some(next) = after.strip_prefix('{') {
            rest = next;
            continue;
        }
        let inside = &after[..end];
        let (name, format) = inside.split_once(':').map_or((inside, String::new()), |(n, f)| (n, format!(":{f}")));
        let name = if name.is_empty() || name.bytes().all(|b| b.is_ascii_digit()) {
            let k = name.parse().unwrap_or(number);
            number = k + 1;
            out.push(Hole { name: k.to_string(), whole: format!("{{{format}}}") });
            rest = &after[end + 1..];
            continue;
        } else {
            name
        };
        out.push(Hole { name: name.to_owned(), whole: format!("{{{inside}}}") });
        rest = &after[end + 1..];
    }
    out
}

/// The name of an argument `name = value`.
fn named(arg: &TokenStream) -> Option<String> {
    let mut tokens = arg.clone().into_iter();
    let (Some(TokenTree::Ident(name)), Some(TokenTree::Punct(equals))) = (tokens.next(), tokens.next()) else {
        return None;
    };
    (equals.as_char() == '=' && equals.spacing() == Spacing::Alone).then(|| name.to_string())
}

/// Pieces between commas.
fn split(input: TokenStream) -> Vec<TokenStream> {
    let mut out = vec![TokenStream::new()];
    for token in input {
        match (&token, out.last_mut()) {
            (TokenTree::Punct(p), _) if p.as_char() == ',' => out.push(TokenStream::new()),
            (_, Some(last)) => last.extend([token]),
            (_, None) => {}
        }
    }
    out.retain(|piece| !piece.is_empty());
    out
}

fn one(token: impl Into<TokenTree>) -> TokenStream {
    TokenStream::from(token.into())
}

fn tokens(code: &str) -> TokenStream {
    code.parse().unwrap_or_default()
}

fn failure(why: &'static str) -> TokenStream {
    let mut out = one(Ident::new("compile_error", Span::call_site()));
    out.extend(one(Punct::new('!', Spacing::Alone)));
    out.extend(one(Group::new(Delimiter::Parenthesis, one(Literal::string(why)))));
    out
}
