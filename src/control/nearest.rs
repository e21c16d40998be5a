//! The names nearest to one that nobody knows, for sentences.

/// The names nearest to `name`, at most three: those with the fewest letters to be changed, added, left out or swapped.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted = plain(name);
    let mut found: Vec<(usize, &str)> = known.into_iter().map(|k| (distance(&wanted, &plain(k)), k)).collect();
    found.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.cmp(b.1)));
    found.into_iter().take(3).map(|(_, k)| k).collect()
}

/// `"a", "b" or "c"`.
pub fn either(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|n| format!("\"{n}\"")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    }
}

/// British and American spellings, cases and signs between words are no difference.
fn plain(name: &str) -> Vec<char> {
    let lower = name.to_lowercase().replace("colour", "color");
    lower.chars().filter(|c| c.is_alphanumeric()).take(64).collect()
}

/// Steps from one to the other (Damerau and Levenshtein, neighbours swapped once); a beginning in common counts for the
/// pair, as names are often cut short.
fn distance(a: &[char], b: &[char]) -> usize {
    let (mut before, mut last): (Vec<usize>, Vec<usize>) = (Vec::new(), (0..=b.len()).collect());
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let mut least = (row[j] + 1).min(last[j + 1] + 1).min(last[j] + usize::from(x != y));
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                least = least.min(before[j - 1] + 1);
            }
            row.push(least);
        }
        (before, last) = (last, row);
    }
    let common = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    // Twice the steps, so that what begins alike wins among equals.
    2 * last.last().copied().unwrap_or(0) + usize::from(common < 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing_errors_find_their_names() {
        let names = ["look_at", "lock_layer", "set_style", "set_time", "set_step", "undo", "colormap"];
        assert_eq!(nearest("look_att", names)[0], "look_at");
        assert_eq!(nearest("setstyle", names)[0], "set_style");
        assert_eq!(nearest("colourmap", names)[0], "colormap");
        assert_eq!(nearest("udno", names)[0], "undo");
        assert_eq!(nearest("x", names).len(), 3);
        assert!(nearest("x", []).is_empty());
        assert_eq!(either(&nearest("set_tim", names)[..2]), "\"set_time\" or \"set_step\"");
        assert_eq!((either(&["a"]), either(&[])), ("\"a\"".to_owned(), String::new()));
    }
}
