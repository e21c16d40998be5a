//! From text to a tree.

use super::{FUNCTIONS, mistake, operator};
use crate::error::Result;

/// A part of an expression.
#[derive(Debug, Clone)]
pub(crate) enum Node {
    Number(f64),
    Field(usize),
    Negative(Box<Node>),
    Not(Box<Node>),
    Two(fn(f64, f64) -> f64, Box<Node>, Box<Node>),
    Call(usize, Vec<Node>),
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        // Functions have no identity worth comparing; the printed tree with its fields has.
        format!("{self:?}") == format!("{other:?}")
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Number(f64),
    Name(String),
    /// A name in backquotes: a field, whatever it spells.
    Quoted(String),
    Symbol(&'static str),
}

/// Two characters before one, so that `<=` is not `<`.
const SYMBOLS: [&str; 21] =
    ["==", "!=", "<=", ">=", "&&", "||", "<", ">", "&", "|", "!", "~", "+", "-", "*", "/", "(", ")", ",", "=", "^"];

pub(super) fn parse(text: &str) -> Result<(Node, Vec<String>)> {
    let tokens = tokens(text)?;
    let end = text.chars().count();
    let mut p = Parser { tokens, at: 0, end, fields: Vec::new(), depth: 0 };
    if p.tokens.is_empty() {
        return Err(mistake(0, "the expression is empty; write something like `quality_flag == 0`"));
    }
    let root = p.or()?;
    if let Some((token, at)) = p.tokens.get(p.at) {
        return Err(mistake(
            *at,
            format!("{} is not expected here; an operator may be missing before it", shown(token)),
        ));
    }
    Ok((root, p.fields))
}

fn shown(token: &Token) -> String {
    match token {
        Token::Number(v) => format!("number {v}"),
        Token::Name(n) | Token::Quoted(n) => format!("`{n}`"),
        Token::Symbol(s) => format!("`{s}`"),
    }
}

fn tokens(text: &str) -> Result<Vec<(Token, usize)>> {
    let chars: Vec<char> = text.chars().collect();
    let mut out = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let c = chars[at];
        let start = at;
        if c.is_whitespace() {
            at += 1;
        } else if c == '`' {
            let Some(length) = chars[at + 1..].iter().position(|c| *c == '`') else {
                return Err(mistake(start, "the backquote is not closed; write another behind the field's name"));
            };
            out.push((Token::Quoted(chars[at + 1..at + 1 + length].iter().collect()), start));
            at += length + 2;
        } else if c.is_ascii_digit() || (c == '.' && chars.get(at + 1).is_some_and(char::is_ascii_digit)) {
            let (value, length) = number(&chars[at..])
                .ok_or_else(|| mistake(start, "this is not a number; write 12, 0.5, 1e-3 or 0x1F"))?;
            out.push((Token::Number(value), start));
            at += length;
        } else if c.is_alphabetic() || c == '_' {
            while at < chars.len() && (chars[at].is_alphanumeric() || matches!(chars[at], '_' | '.')) {
                at += 1;
            }
            out.push((Token::Name(chars[start..at].iter().collect()), start));
        } else {
            let rest: String = chars[at..(at + 2).min(chars.len())].iter().collect();
            let Some(symbol) = SYMBOLS.iter().find(|s| rest.starts_with(**s)) else {
                return Err(mistake(start, format!("`{c}` means nothing here; put unusual field names in backquotes")));
            };
            match *symbol {
                "=" => return Err(mistake(start, "`=` compares nothing; write `==`")),
                "^" => return Err(mistake(start, "`^` is not an operator; write bitand(flags, mask) for bits")),
                _ => {}
            }
            out.push((Token::Symbol(symbol), start));
            at += symbol.len();
        }
    }
    Ok(out)
}

/// A number at the start of `chars` and its length.
fn number(chars: &[char]) -> Option<(f64, usize)> {
    if chars.len() > 2 && chars[0] == '0' && matches!(chars[1], 'x' | 'X') {
        let digits: String = chars[2..].iter().take_while(|c| c.is_ascii_hexdigit()).collect();
        let length = digits.len() + 2;
        if chars.get(length).is_some_and(|c| c.is_alphanumeric() || *c == '_') {
            return None;
        }
        return u64::from_str_radix(&digits, 16).ok().map(|v| (v as f64, length));
    }
    let mut length = 0;
    while length < chars.len() {
        let c = chars[length];
        let exponent_sign = matches!(c, '+' | '-') && length > 0 && matches!(chars[length - 1], 'e' | 'E');
        if c.is_alphanumeric() || c == '.' || c == '_' || exponent_sign {
            length += 1;
        } else {
            break;
        }
    }
    let text: String = chars[..length].iter().collect();
    text.parse().ok().map(|v| (v, length))
}

struct Parser {
    tokens: Vec<(Token, usize)>,
    at: usize,
    end: usize,
    fields: Vec<String>,
    depth: usize,
}

impl Parser {
    /// Takes the next token when it is one of these symbols or words.
    fn takes(&mut self, symbols: &[&'static str]) -> Option<&'static str> {
        let (token, _) = self.tokens.get(self.at)?;
        let found = symbols.iter().find(|s| match token {
            Token::Symbol(t) => t == *s,
            Token::Name(n) => n == *s,
            _ => false,
        })?;
        self.at += 1;
        Some(found)
    }

    fn place(&self) -> usize {
        self.tokens.get(self.at).map_or(self.end, |t| t.1)
    }

    fn two(&self, symbol: &'static str, a: Node, b: Node) -> Result<Node> {
        let f = operator(symbol).ok_or_else(|| mistake(self.place(), format!("`{symbol}` is no operator")))?;
        Ok(Node::Two(f, Box::new(a), Box::new(b)))
    }

    fn or(&mut self) -> Result<Node> {
        let mut left = self.and()?;
        while self.takes(&["||", "|", "or"]).is_some() {
            let right = self.and()?;
            left = self.two("|", left, right)?;
        }
        Ok(left)
    }

    fn and(&mut self) -> Result<Node> {
        let mut left = self.not()?;
        while self.takes(&["&&", "&", "and"]).is_some() {
            let right = self.not()?;
            left = self.two("&", left, right)?;
        }
        Ok(left)
    }

    fn not(&mut self) -> Result<Node> {
        if self.takes(&["!", "~", "not"]).is_some() {
            return Ok(Node::Not(Box::new(self.deeper(Self::not)?)));
        }
        self.compare()
    }

    fn compare(&mut self) -> Result<Node> {
        let left = self.sum()?;
        let symbols = ["==", "!=", "<=", ">=", "<", ">"];
        let Some(symbol) = self.takes(&symbols) else { return Ok(left) };
        let right = self.sum()?;
        let place = self.place();
        if self.takes(&symbols).is_some() {
            return Err(mistake(place, "comparisons do not chain; write between(x, low, high) or join two by `&`"));
        }
        self.two(symbol, left, right)
    }

    fn sum(&mut self) -> Result<Node> {
        let mut left = self.product()?;
        while let Some(symbol) = self.takes(&["+", "-"]) {
            let right = self.product()?;
            left = self.two(symbol, left, right)?;
        }
        Ok(left)
    }

    fn product(&mut self) -> Result<Node> {
        let mut left = self.single()?;
        while let Some(symbol) = self.takes(&["*", "/"]) {
            let right = self.single()?;
            left = self.two(symbol, left, right)?;
        }
        Ok(left)
    }

    /// Guards the stack against expressions nested without end.
    fn deeper(&mut self, f: fn(&mut Self) -> Result<Node>) -> Result<Node> {
        self.depth += 1;
        if self.depth > 100 {
            return Err(mistake(self.place(), "the expression is nested more than 100 deep; make it simpler"));
        }
        let node = f(self);
        self.depth -= 1;
        node
    }

    fn single(&mut self) -> Result<Node> {
        if self.takes(&["-"]).is_some() {
            return Ok(Node::Negative(Box::new(self.deeper(Self::single)?)));
        }
        let place = self.place();
        if self.takes(&["("]).is_some() {
            let inner = self.deeper(Self::or)?;
            self.close(place)?;
            return Ok(inner);
        }
        let Some((token, _)) = self.tokens.get(self.at).cloned() else {
            return Err(mistake(place, "the expression ends where a number, a field or `(` is expected"));
        };
        self.at += 1;
        match token {
            Token::Number(v) => Ok(Node::Number(v)),
            Token::Quoted(name) => Ok(self.field(name)),
            Token::Name(name) => {
                if self.takes(&["("]).is_some() {
                    self.call(&name, place)
                } else {
                    Ok(self.field(name))
                }
            }
            Token::Symbol(s) => Err(mistake(place, format!("`{s}` is not expected here; a number, a field or `(` is"))),
        }
    }

    fn field(&mut self, name: String) -> Node {
        let known = self.fields.iter().position(|f| *f == name);
        Node::Field(known.unwrap_or_else(|| {
            self.fields.push(name);
            self.fields.len() - 1
        }))
    }

    fn call(&mut self, name: &str, place: usize) -> Result<Node> {
        let Some(k) = FUNCTIONS.iter().position(|f| f.0 == name) else {
            let names: Vec<&str> = FUNCTIONS.iter().map(|f| f.0).collect();
            return Err(mistake(place, format!("there is no function `{name}`; there are {}", names.join(", "))));
        };
        let mut args = vec![self.deeper(Self::or)?];
        while self.takes(&[","]).is_some() {
            args.push(self.deeper(Self::or)?);
        }
        self.close(place)?;
        if args.len() != FUNCTIONS[k].1 {
            let wants = FUNCTIONS[k].1;
            return Err(mistake(place, format!("`{name}` takes {wants} arguments, not {}", args.len())));
        }
        Ok(Node::Call(k, args))
    }

    fn close(&mut self, opened: usize) -> Result<()> {
        let place = self.place();
        if self.takes(&[")"]).is_some() {
            return Ok(());
        }
        Err(mistake(place, format!("`)` is missing here for the `(` at column {}", opened + 1)))
    }
}
