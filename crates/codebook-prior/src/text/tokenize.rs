//! Tokens of a sentence, as in the Penn Treebank.

/// Splits a text into words and punctuation marks, as slices of it in order. Together they are the text without white
/// space.
///
/// The rules are those of the Penn Treebank, as far as captions need them:
/// - punctuation marks are tokens of their own; a run of one mark (`...`, `--`) is one token;
/// - hyphens, apostrophes, full stops and commas inside a word stay: `t-shirt`, `o'clock`, `u.s.`, `1,000`;
/// - unlike in the treebank, a slash between letters is a token, because `red / white` are two adjectives;
/// - contractions are split: `dog 's`, `is n't`, `they 're`; so is `can not`;
/// - a full stop is split off, except after an initial or a word with a full stop inside: `J.`, `a.m.`.
///
/// A caption may have several sentences, so full stops are split off inside the text too. NLTK's word tokenizer does
/// not do that; it expects a sentence tokenizer before it.
pub fn tokenize(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    for chunk in text.split_whitespace() {
        split(chunk, &mut words);
    }
    words
}

/// Whether a mark may be inside a word, between letters or digits.
fn may_join(c: char) -> bool {
    matches!(c, '-' | '\'' | '’' | '.' | ',' | '_' | '/' | '&' | '@' | ':')
}

fn split<'a>(chunk: &'a str, words: &mut Vec<&'a str>) {
    let mut rest = chunk;
    while let Some(first) = rest.chars().next() {
        if let Some(ending) = ending_at_start(rest) {
            words.push(&rest[..ending]);
            rest = &rest[ending..];
        } else if first.is_alphanumeric() {
            let end = word_end(rest);
            split_contraction(&rest[..end], words);
            rest = &rest[end..];
        } else {
            // A run of one mark is one token.
            let end = rest.find(|c| c != first).unwrap_or(rest.len());
            words.push(&rest[..end]);
            rest = &rest[end..];
        }
    }
}

/// The length of a contraction that is a token of its own already, as in tokenized texts: `dog 's`.
fn ending_at_start(rest: &str) -> Option<usize> {
    let mark = rest.chars().next().filter(|c| matches!(c, '\'' | '’'))?;
    let tail = &rest[mark.len_utf8()..];
    let letters = tail.find(|c: char| !c.is_alphabetic()).unwrap_or(tail.len());
    let known = ["s", "m", "d", "re", "ve", "ll"].iter().any(|ending| tail[..letters].eq_ignore_ascii_case(ending));
    known.then_some(mark.len_utf8() + letters)
}

/// The end of the word at the start of the text.
fn word_end(rest: &str) -> usize {
    let mut end = 0;
    let mut chars = rest.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_, next)| *next);
        let inside = may_join(c) && next.is_some_and(char::is_alphanumeric) && {
            // Commas and colons join digits only, full stops also single letters: `1,000` and `a.m.`, not `red,round`.
            let before = rest[..at].chars().next_back();
            let digits = before.is_some_and(|b| b.is_ascii_digit()) && next.is_some_and(|n| n.is_ascii_digit());
            match c {
                ',' | ':' | '/' => digits,
                '.' => digits || is_inner_stop(rest, at),
                _ => true,
            }
        };
        if c.is_alphanumeric() || inside || is_combining(c) {
            end = at + c.len_utf8();
        } else if c == '.' && keeps_stop(&rest[..at]) {
            return at + 1;
        } else {
            break;
        }
    }
    end
}

/// Whether a character combines with the letter before it.
fn is_combining(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{200d}' | '\u{fe0f}')
}

/// Whether a full stop at `at` is inside an abbreviation of single letters (`u.s`) or a web address (`flickr.com`).
fn is_inner_stop(rest: &str, at: usize) -> bool {
    let before = rest[..at].rsplit('.').next().unwrap_or_default();
    before.chars().count() == 1 || rest[at + 1..].starts_with("com")
}

/// Whether a full stop stays with the word before it: an initial, a title, or a word with a full stop inside.
fn keeps_stop(word: &str) -> bool {
    let initial = word.chars().count() == 1 && word.chars().all(char::is_uppercase) && word != "I";
    let title = ["mr", "mrs", "ms", "dr", "st", "jr", "sr", "vs"].iter().any(|title| word.eq_ignore_ascii_case(title));
    let letters = word.contains('.') && word.split('.').all(|part| part.chars().count() == 1);
    initial || title || (letters && word.chars().all(|c| c.is_alphabetic() || c == '.'))
}

fn split_contraction<'a>(word: &'a str, words: &mut Vec<&'a str>) {
    let at = if word.eq_ignore_ascii_case("cannot") { Some(3) } else { contraction(word) };
    match at {
        Some(at) if at > 0 => words.extend([&word[..at], &word[at..]]),
        _ => words.push(word),
    }
}

/// The start of the contraction that ends a word.
fn contraction(word: &str) -> Option<usize> {
    let (at, mark) = word.char_indices().rev().find(|(_, c)| matches!(c, '\'' | '’'))?;
    let tail = &word[at + mark.len_utf8()..];
    if tail.eq_ignore_ascii_case("t") {
        return word[..at].ends_with(['n', 'N']).then(|| at - 1);
    }
    ["s", "m", "d", "re", "ve", "ll"].iter().any(|ending| tail.eq_ignore_ascii_case(ending)).then_some(at)
}
