//! Expressions of product files: `(a + b) / 2`, `hypot(u, v)`, `'data_01/ku/ssha' - dac`.
//!
//! Numbers, variables, `+ - * / ^`, brackets and a few functions. Names with other characters than letters, digits and `_`
//! stand between single quotes. A missing value anywhere makes the whole missing.

/// Deepest nesting of values waiting for an operation.
const DEPTH: usize = 16;
/// Longest expression, characters.
const LONGEST: usize = 500;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    Number(f64),
    Variable(usize),
    Negate,
    Binary(char),
    Call(Function),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Function {
    Sqrt,
    Abs,
    Exp,
    Ln,
    Log10,
    SinDeg,
    CosDeg,
    Min,
    Max,
    Hypot,
    Direction,
}

/// Name and number of arguments.
const FUNCTIONS: [(&str, Function, usize); 11] = [
    ("sqrt", Function::Sqrt, 1),
    ("abs", Function::Abs, 1),
    ("exp", Function::Exp, 1),
    ("ln", Function::Ln, 1),
    ("log10", Function::Log10, 1),
    ("sind", Function::SinDeg, 1),
    ("cosd", Function::CosDeg, 1),
    ("min", Function::Min, 2),
    ("max", Function::Max, 2),
    ("hypot", Function::Hypot, 2),
    ("direction", Function::Direction, 2),
];

/// An expression, understood.
#[derive(Clone, Debug, PartialEq)]
pub struct Formula {
    steps: Vec<Step>,
    names: Vec<String>,
}

impl Formula {
    /// Understands an expression.
    ///
    /// # Errors
    /// A sentence with the column (from 1) at which it makes no sense.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.chars().count() > LONGEST {
            return Err(format!("the expression is longer than {LONGEST} characters"));
        }
        let mut parser =
            Parser { text: text.chars().collect(), at: 0, waiting: 0, nested: 0, out: Vec::new(), names: Vec::new() };
        parser.sum()?;
        parser.blank();
        if parser.at < parser.text.len() {
            return Err(parser.wrong("an operator or the end"));
        }
        if parser.names.is_empty() {
            return Err("the expression names no variable".to_owned());
        }
        Ok(Self { steps: parser.out, names: parser.names })
    }

    /// Variables in the order in which they are first named.
    pub fn variables(&self) -> &[String] {
        &self.names
    }

    /// The value, from those of the variables in order.
    pub fn value(&self, variables: &[f64]) -> f64 {
        // One more: a function of one value looks at the place of a second.
        let mut stack = [0.0; DEPTH + 1];
        let mut n = 0;
        for step in &self.steps {
            match *step {
                Step::Number(_) | Step::Variable(_) => {
                    stack[n] = match *step {
                        Step::Variable(k) => variables.get(k).copied().unwrap_or(f64::NAN),
                        Step::Number(x) => x,
                        _ => f64::NAN,
                    };
                    n += 1;
                }
                Step::Negate => stack[n - 1] = -stack[n - 1],
                Step::Binary(op) => {
                    n -= 1;
                    stack[n - 1] = binary(op, stack[n - 1], stack[n]);
                }
                Step::Call(f) => {
                    let arguments = FUNCTIONS.iter().find(|k| k.1 == f).map_or(1, |k| k.2);
                    n -= arguments - 1;
                    stack[n - 1] = call(f, stack[n - 1], stack[n]);
                }
            }
        }
        stack[0]
    }
}

fn binary(op: char, a: f64, b: f64) -> f64 {
    match op {
        '+' => a + b,
        '-' => a - b,
        '*' => a * b,
        '/' => a / b,
        _ => a.powf(b),
    }
}

fn call(f: Function, a: f64, b: f64) -> f64 {
    // Neither minimum nor maximum may hide a missing value.
    let both = |value: f64| if a.is_nan() || b.is_nan() { f64::NAN } else { value };
    match f {
        Function::Sqrt => a.sqrt(),
        Function::Abs => a.abs(),
        Function::Exp => a.exp(),
        Function::Ln => a.ln(),
        Function::Log10 => a.log10(),
        Function::SinDeg => a.to_radians().sin(),
        Function::CosDeg => a.to_radians().cos(),
        Function::Min => both(a.min(b)),
        Function::Max => both(a.max(b)),
        Function::Hypot => both(a.hypot(b)),
        // Clockwise from north, where the vector (east, north) points to.
        Function::Direction => a.atan2(b).to_degrees().rem_euclid(360.0),
    }
}

struct Parser {
    text: Vec<char>,
    at: usize,
    /// Values on the stack after the steps so far.
    waiting: usize,
    nested: usize,
    out: Vec<Step>,
    names: Vec<String>,
}

impl Parser {
    fn blank(&mut self) {
        while self.text.get(self.at).is_some_and(|c| c.is_whitespace()) {
            self.at += 1;
        }
    }

    fn peek(&mut self) -> Option<char> {
        self.blank();
        self.text.get(self.at).copied()
    }

    fn take(&mut self, c: char) -> bool {
        let there = self.peek() == Some(c);
        self.at += usize::from(there);
        there
    }

    fn wrong(&self, expected: &str) -> String {
        let found = self.text.get(self.at).map_or("the end".to_owned(), |c| format!("\"{c}\""));
        format!("the expression needs {expected} at character {}, not {found}", self.at + 1)
    }

    fn push(&mut self, step: Step) -> Result<(), String> {
        match step {
            Step::Number(_) | Step::Variable(_) => self.waiting += 1,
            Step::Negate => {}
            Step::Binary(_) => self.waiting -= 1,
            Step::Call(f) => self.waiting -= FUNCTIONS.iter().find(|k| k.1 == f).map_or(0, |k| k.2 - 1),
        }
        if self.waiting > DEPTH {
            return Err("the expression is nested too deeply".to_owned());
        }
        self.out.push(step);
        Ok(())
    }

    fn sum(&mut self) -> Result<(), String> {
        self.product()?;
        while let Some(op @ ('+' | '-')) = self.peek() {
            self.at += 1;
            self.product()?;
            self.push(Step::Binary(op))?;
        }
        Ok(())
    }

    fn product(&mut self) -> Result<(), String> {
        self.signed()?;
        while let Some(op @ ('*' | '/')) = self.peek() {
            self.at += 1;
            self.signed()?;
            self.push(Step::Binary(op))?;
        }
        Ok(())
    }

    fn signed(&mut self) -> Result<(), String> {
        self.nested += 1;
        if self.nested > 64 {
            return Err("the expression is nested too deeply".to_owned());
        }
        if self.take('-') {
            self.signed()?;
            self.push(Step::Negate)?;
        } else {
            self.value()?;
            // Binds tighter than a sign before it, and from the right: -2^2 is -4, 2^3^2 is 512.
            if self.take('^') {
                self.signed()?;
                self.push(Step::Binary('^'))?;
            }
        }
        self.nested -= 1;
        Ok(())
    }

    fn value(&mut self) -> Result<(), String> {
        match self.peek() {
            Some('(') => {
                self.at += 1;
                self.sum()?;
                self.close()
            }
            Some('\'') => {
                let start = self.at + 1;
                let end = self.text[start..].iter().position(|c| *c == '\'');
                let Some(length) = end.filter(|n| *n > 0) else { return Err(self.wrong("a name between quotes")) };
                self.at = start + length + 1;
                let name: String = self.text[start..start + length].iter().collect();
                self.variable(name)
            }
            Some(c) if c.is_ascii_digit() || c == '.' => self.number(),
            Some(c) if c.is_ascii_alphabetic() || c == '_' => self.word(),
            _ => Err(self.wrong("a number, a name or a bracket")),
        }
    }

    fn close(&mut self) -> Result<(), String> {
        if self.take(')') { Ok(()) } else { Err(self.wrong("a closing bracket")) }
    }

    fn number(&mut self) -> Result<(), String> {
        let start = self.at;
        while let Some(c) = self.text.get(self.at) {
            let exponent = matches!(self.text.get(self.at.wrapping_sub(1)), Some('e' | 'E'));
            if c.is_ascii_digit() || *c == '.' || matches!(c, 'e' | 'E') || (exponent && matches!(c, '+' | '-')) {
                self.at += 1;
            } else {
                break;
            }
        }
        let word: String = self.text[start..self.at].iter().collect();
        match word.parse::<f64>() {
            Ok(x) if x.is_finite() => self.push(Step::Number(x)),
            _ => Err(format!("\"{word}\" in the expression is no number")),
        }
    }

    fn word(&mut self) -> Result<(), String> {
        let start = self.at;
        while self.text.get(self.at).is_some_and(|c| c.is_ascii_alphanumeric() || *c == '_') {
            self.at += 1;
        }
        let word: String = self.text[start..self.at].iter().collect();
        if self.peek() != Some('(') {
            return self.variable(word);
        }
        let Some((_, function, arguments)) = FUNCTIONS.into_iter().find(|f| f.0 == word) else {
            let known: Vec<&str> = FUNCTIONS.iter().map(|f| f.0).collect();
            return Err(format!("there is no function \"{word}\"; there are {}", known.join(", ")));
        };
        self.at += 1;
        for k in 0..arguments {
            if k > 0 && !self.take(',') {
                return Err(self.wrong(&format!("a comma: {word} takes {arguments} values")));
            }
            self.sum()?;
        }
        self.close()?;
        self.push(Step::Call(function))
    }

    fn variable(&mut self, name: String) -> Result<(), String> {
        let known = self.names.iter().position(|n| *n == name);
        let k = known.unwrap_or(self.names.len());
        if known.is_none() {
            self.names.push(name);
        }
        self.push(Step::Variable(k))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, values: &[f64]) -> f64 {
        Formula::parse(text).unwrap_or_else(|e| panic!("{text}: {e}")).value(values)
    }

    #[test]
    fn arithmetic_as_on_paper() {
        assert_eq!(of("a + 2 * b", &[1.0, 3.0]), 7.0);
        assert_eq!(of("(a + 2) * b", &[1.0, 3.0]), 9.0);
        assert_eq!(of("a - b - 1", &[10.0, 3.0]), 6.0);
        assert_eq!(of("a / b / 2", &[12.0, 3.0]), 2.0);
        assert_eq!(of("-a^2 + 2^3^2", &[3.0]), 503.0);
        assert_eq!(of("a * -1.5e-1", &[2.0]), -0.3);
        assert_eq!(of("a*a + b", &[3.0, 1.0]), 10.0, "a variable named twice is one");
        assert_eq!(of("'data_01/ku/ssha' - '*/dac'", &[5.0, 2.0]), 3.0);
    }

    #[test]
    fn vectors_by_components_and_by_direction() {
        assert_eq!(of("hypot(u, v)", &[3.0, -4.0]), 5.0);
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} is not {b}");
        // To the east is 90°, to the south 180°, to the north-west 315°.
        near(of("direction(u, v)", &[1.0, 0.0]), 90.0);
        near(of("direction(u, v)", &[0.0, -1.0]), 180.0);
        near(of("direction(u, v)", &[-1.0, 1.0]), 315.0);
        // A wind of 10 m/s from the west (270°, as meteorologists say) blows to the east.
        near(of("-speed * sind(from)", &[10.0, 270.0]), 10.0);
        near(of("-speed * cosd(from)", &[10.0, 270.0]), 0.0);
        near(of("10 * log10(sigma0)", &[0.01]), -20.0);
    }

    #[test]
    fn missing_values_are_not_hidden() {
        for text in ["a + b", "min(a, b)", "max(b, a)", "hypot(a, b)", "a * 0 + b"] {
            assert!(of(text, &[f64::NAN, 1.0]).is_nan(), "{text}");
        }
    }

    #[test]
    fn the_deepest_expression_has_a_value() {
        // Fifteen values wait while the sixteenth is worked out.
        let text = format!("{}sqrt(a){}", "(a + ".repeat(15), ")".repeat(15));
        match Formula::parse(&text) {
            Ok(f) => assert_eq!(f.value(&[4.0]), 62.0),
            Err(why) => panic!("{why}"),
        }
        let deeper = format!("{}sqrt(a){}", "(a + ".repeat(16), ")".repeat(16));
        assert!(Formula::parse(&deeper).is_err());
    }

    #[test]
    fn nonsense_has_a_place() {
        for (text, word) in [
            ("", "at character 1, not the end"),
            ("a +", "at character 4, not the end"),
            ("a b", "an operator or the end at character 3"),
            ("(a", "a closing bracket at character 3"),
            ("cube(a)", "no function \"cube\"; there are sqrt"),
            ("hypot(a)", "a comma: hypot takes 2 values"),
            ("1 + 2", "names no variable"),
            ("a + 1.2.3", "\"1.2.3\" in the expression is no number"),
            ("a ; b", "at character 3, not \";\""),
            ("''", "a name between quotes"),
        ] {
            let error = Formula::parse(text).unwrap_err();
            assert!(error.contains(word), "{text}: {error}");
        }
        for hostile in ["(".repeat(400), "-".repeat(400), "a+(".repeat(100), "é".repeat(501)] {
            assert!(Formula::parse(&hostile).is_err());
        }
    }
}
