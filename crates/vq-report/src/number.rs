//! Numbers and times as text.

use std::time::{Duration, SystemTime};

/// About four digits: `21.35`, `0.0123`, `4.5e-6`, `12.5k`.
pub fn short_number(value: f64) -> String {
    let size = value.abs();
    if !value.is_finite() {
        return "–".into();
    }
    if size >= 999_950.0 {
        return digits(value / 1e6, 4) + "M";
    }
    if size >= 9_999.5 {
        return digits(value / 1e3, 4) + "k";
    }
    if size < 1e-3 && size > 0.0 {
        let text = format!("{value:.2e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        return format!("{}e{exponent}", trimmed(mantissa));
    }
    digits(value, 4)
}

/// Rounded to `significant` digits, without zeros at the end of a fraction.
fn digits(value: f64, significant: i32) -> String {
    let before = if value == 0.0 { 1 } else { value.abs().log10().floor() as i32 + 1 };
    let decimals = usize::try_from(significant - before).unwrap_or(0);
    trimmed(&format!("{value:.decimals$}")).to_owned()
}

fn trimmed(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

/// `2h 3m`, `4m 5s`, `6s`: the two largest units.
pub fn short_duration(seconds: f64) -> String {
    let seconds = if seconds.is_finite() && seconds > 0.0 { seconds.round() as u64 } else { 0 };
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, _) => format!("{minutes}m {}s", seconds % 60),
        (0, _, _) => format!("{hours}h {minutes}m"),
        _ => format!("{days}d {hours}h"),
    }
}

/// `2026-11-25 16:05` in UTC, of seconds since 1970.
pub fn date_time(unix_seconds: f64) -> String {
    let since = Duration::try_from_secs_f64(unix_seconds).unwrap_or_default();
    // Years of five digits are beyond what the formatter takes.
    let Some(time) = SystemTime::UNIX_EPOCH.checked_add(since).filter(|_| unix_seconds < 2.5e11) else {
        return "–".into();
    };
    let text = humantime::format_rfc3339_seconds(time).to_string();
    text.get(..16).unwrap_or(&text).replace('T', " ")
}
