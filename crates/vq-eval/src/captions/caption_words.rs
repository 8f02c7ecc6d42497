//! Words of a caption, as the published figures split them.

/// Signs that pycocoevalcap's `PTBTokenizer` removes where they stand alone. Dots, dashes and quotes never become words.
const REMOVED: [&str; 5] = [",", ":", ";", "?", "!"];
/// Lower-case words that keep a following dot.
const ABBREVIATIONS: [&str; 64] = [
    "apr", "aug", "ave", "bldg", "blvd", "brig", "bros", "capt", "cmdr", "co", "col", "corp", "cpl", "ct", "dec",
    "dept", "dr", "drs", "est", "etc", "feb", "fri", "ft", "gen", "gov", "hon", "hwy", "inc", "jan", "jr", "jul",
    "jun", "lt", "ltd", "maj", "mar", "messrs", "mon", "mr", "mrs", "ms", "mt", "nov", "oct", "ph.d", "prof", "rd",
    "rep", "reps", "rev", "sen", "sens", "sep", "sept", "sgt", "sr", "st", "sun", "thu", "tue", "univ", "vs", "wed",
    "ste",
];
/// Contractions after an apostrophe.
const CONTRACTIONS: [&str; 6] = ["s", "m", "d", "re", "ve", "ll"];
/// Words that begin with an apostrophe.
const CLIPPED: [&str; 5] = ["em", "til", "cause", "n'", "till"];
/// Words that stand for two, and the letter at which the second begins.
const FUSED: [(&str, usize); 6] = [("cannot", 3), ("gonna", 3), ("gotta", 3), ("wanna", 3), ("lemme", 3), ("gimme", 3)];

/// The lower-case words of a caption without punctuation, as pycocoevalcap's `PTBTokenizer` gives them.
///
/// That is Stanford's tokenizer (CoreNLP 3.4.1, `-lowerCase`) with the rules of the Penn Treebank: `don't` becomes `do`
/// and `n't`, `man's` becomes `man` and `'s`, `cannot` becomes `can` and `not`; hyphenated words, numbers, and
/// abbreviations with their dots stay whole.
/// Punctuation is then removed, except for what pycocoevalcap leaves: brackets (`-lrb-`, `-rrb-`), because it looks for
/// those in capitals, and signs in a row such as `?!`.
///
/// The result is equal on each of the 40,460 captions of Flickr8k.
/// The rest of the grammar (addresses, smileys, markup, telephone numbers, abbreviations that end a sentence) is not
/// implemented.
pub fn caption_words(text: &str) -> Vec<String> {
    let text = text.replace(['“', '”'], "\"").replace(['‘', '’'], "'").replace(['–', '—'], "--").replace('…', "...");
    let chunks: Vec<Vec<char>> = text.split_whitespace().map(|chunk| chunk.chars().collect()).collect();
    let mut words = Vec::new();
    for (index, letters) in chunks.iter().enumerate() {
        let number_follows = chunks.get(index + 1).is_some_and(|next| next[0].is_ascii_digit());
        Scanner { letters, at: 0, number_follows, words: &mut words }.scan();
    }
    words
}

/// Splits the letters between two spaces.
struct Scanner<'a> {
    letters: &'a [char],
    at: usize,
    number_follows: bool,
    words: &'a mut Vec<String>,
}

impl Scanner<'_> {
    fn scan(&mut self) {
        while let Some(letter) = self.peek(0) {
            match letter {
                _ if letter.is_alphanumeric() && !is_fraction(letter) => self.word(),
                '\'' => self.apostrophe(),
                '.' if self.is(1, |next| next.is_ascii_digit()) => self.number(),
                '-' | '+' if self.is(1, |next| next.is_ascii_digit()) => self.number(),
                '@' | '#' if self.is(1, char::is_alphabetic) => self.tag(),
                '?' | '!' => self.row(|letter| matches!(letter, '?' | '!')),
                '.' | '-' | '"' | '`' => {
                    // A row of these is punctuation at any length.
                    self.at += 1;
                }
                _ => self.sign(letter),
            }
        }
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.letters.get(self.at + ahead).copied()
    }

    fn is(&self, ahead: usize, test: impl Fn(char) -> bool) -> bool {
        self.peek(ahead).is_some_and(test)
    }

    /// The letters from an index up to the first sign that is no letter, in lower case.
    fn letters_from(&self, at: usize) -> String {
        let rest = self.letters.iter().skip(at);
        rest.take_while(|letter| letter.is_alphabetic()).flat_map(|letter| letter.to_lowercase()).collect()
    }

    fn push(&mut self, word: &str) {
        if !REMOVED.contains(&word) {
            self.words.push(word.to_lowercase());
        }
    }

    /// Takes a number of letters as a word.
    fn take(&mut self, count: usize) {
        let word: String = self.letters[self.at..self.at + count].iter().collect();
        self.at += count;
        self.push(&word);
    }

    fn row(&mut self, belongs: impl Fn(char) -> bool) {
        self.take(self.letters[self.at..].iter().take_while(|&&letter| belongs(letter)).count());
    }

    fn sign(&mut self, letter: char) {
        self.at += 1;
        let name = match letter {
            '(' => "-lrb-",
            ')' => "-rrb-",
            '[' => "-lsb-",
            ']' => "-rsb-",
            '{' => "-lcb-",
            '}' => "-rcb-",
            '€' => "$",
            '£' => "#",
            '¢' => "cents",
            '½' => "1/2",
            '¼' => "1/4",
            '¾' => "3/4",
            // The Penn Treebank has no emoji and no variation selectors or joiners.
            _ if u32::from(letter) > 0xFFFF || matches!(letter, '\u{FE0F}' | '\u{200D}') => return,
            _ => return self.push(&letter.to_string()),
        };
        self.push(name);
    }

    fn tag(&mut self) {
        let rest = self.letters[self.at + 1..].iter();
        self.take(1 + rest.take_while(|&&letter| letter.is_alphanumeric() || letter == '_').count());
    }

    /// A number after a sign or a dot.
    fn number(&mut self) {
        let mut end = self.at + 1;
        self.digits(&mut end);
        self.take(end - self.at);
    }

    /// Moves `end` past digits, and past `.`, `,`, `:` and `/` between them.
    fn digits(&self, end: &mut usize) {
        let digit = |at: usize| self.letters.get(at).is_some_and(char::is_ascii_digit);
        while digit(*end) || matches!(self.letters.get(*end), Some('.' | ',' | ':' | '/')) && digit(*end + 1) {
            *end += 1;
        }
    }

    /// An apostrophe that follows no word.
    fn apostrophe(&mut self) {
        let ahead = self.letters_from(self.at + 1);
        let digits = self.letters[self.at + 1..].iter().take_while(|letter| letter.is_ascii_digit()).count();
        if CONTRACTIONS.contains(&&ahead[..]) || CLIPPED.contains(&&ahead[..]) {
            self.take(1 + ahead.chars().count());
        } else if ahead == "n" && self.is(2, |next| next == '\'') {
            self.take(3);
        } else if ahead == "tis" || ahead == "twas" {
            self.take(2);
            self.take(ahead.len() - 1);
        } else if digits == 2 {
            self.take(3 + usize::from(self.is(3, |next| next == 's')));
        } else {
            self.at += 1;
        }
    }

    /// A word and the parts joined to it.
    fn word(&mut self) {
        let start = self.at;
        let mut end = start;
        if self.letters[start].is_ascii_digit() {
            self.digits(&mut end);
            let plain = self.letters[start..end].iter().all(|letter| letter.is_ascii_digit() || *letter == '/');
            let hyphen = self.letters.get(end) == Some(&'-') && !self.letters[start..end].contains(&':');
            if !(plain || hyphen) {
                return self.take(end - start);
            }
        }
        let alphanumeric = |at: usize| self.letters.get(at).is_some_and(|letter| letter.is_alphanumeric());
        let upper = |at: usize| self.letters.get(at).is_some_and(|letter| letter.is_uppercase());
        while let Some(&letter) = self.letters.get(end) {
            let joined = match letter {
                '-' | '/' | '_' => alphanumeric(end + 1),
                '.' => self.letters.get(end + 1).is_some_and(|next| next.is_alphabetic()),
                '&' => upper(end - 1) && upper(end + 1),
                '@' => alphanumeric(end + 1),
                '\'' => self.is_joined_by_apostrophe(start, end),
                _ => letter.is_alphanumeric() && !is_fraction(letter),
            };
            if !joined {
                break;
            }
            end += 1;
        }
        self.finish(end);
    }

    /// Whether the apostrophe at `end` belongs to a word such as `o'clock`.
    fn is_joined_by_apostrophe(&self, start: usize, end: usize) -> bool {
        let before: String = self.letters[start..end].iter().flat_map(|letter| letter.to_lowercase()).collect();
        let after = self.letters_from(end + 1);
        let is_contraction = CONTRACTIONS.contains(&&after[..]) || after == "t" && before.ends_with('n');
        !after.is_empty() && !is_contraction && (matches!(&before[..], "o" | "d" | "l" | "c" | "ma"))
    }

    /// Takes the word up to `end`, in the parts that the Penn Treebank gives it.
    fn finish(&mut self, end: usize) {
        let word: String = self.letters[self.at..end].iter().collect::<String>().to_lowercase();
        let length = end - self.at;
        match self.letters.get(end) {
            Some('\'') => {
                let after = self.letters_from(end + 1);
                if after == "t" && word.ends_with('n') {
                    if length > 1 {
                        self.take(length - 1);
                    }
                    self.take(3);
                } else if word == "y" && !after.is_empty() || word == "ol" && after.is_empty() {
                    self.take(length + 1);
                } else {
                    self.take(length);
                }
            }
            Some('.') if self.keeps_dot(&word, end) => self.take(length + 1),
            _ => match FUSED.iter().find(|(fused, _)| *fused == word) {
                Some(&(_, first)) => {
                    self.take(first);
                    self.take(length - first);
                }
                None => self.take(length),
            },
        }
    }

    fn keeps_dot(&self, word: &str, end: usize) -> bool {
        if self.letters.get(end + 1) == Some(&'.') {
            return false;
        }
        let initials = || {
            let mut parts = word.split('.');
            parts.all(|part| part.chars().count() == 1 && part.chars().all(char::is_alphabetic))
        };
        let of_number = self.letters.get(end + 1).map_or(self.number_follows, char::is_ascii_digit);
        ABBREVIATIONS.contains(&word) || initials() || matches!(word, "no" | "nos" | "pp" | "fig") && of_number
    }
}

/// Signs that are numbers in Unicode and that the Penn Treebank writes out.
fn is_fraction(letter: char) -> bool {
    matches!(letter, '½' | '¼' | '¾')
}
