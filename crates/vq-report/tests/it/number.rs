use vq_report::{date_time, short_duration, short_number};

#[test]
fn numbers_and_times_are_short() {
    let numbers = [
        (0.0, "0"),
        (21.346, "21.35"),
        (0.0123456, "0.01235"),
        (1234.5, "1234"),
        (40_000.0, "40k"),
        (999_960.0, "1M"),
        (12_345_678.0, "12.35M"),
        (4.5e-6, "4.5e-6"),
        (-0.25, "-0.25"),
        (100.0, "100"),
        (f64::NAN, "–"),
        (f64::INFINITY, "–"),
    ];
    for (number, text) in numbers {
        assert_eq!(short_number(number), text);
    }
    let times = [(0.4, "0s"), (59.6, "1m 0s"), (153.0, "2m 33s"), (7_380.0, "2h 3m"), (200_000.0, "2d 7h")];
    for (seconds, text) in times {
        assert_eq!(short_duration(seconds), text);
    }
    assert_eq!(date_time(1_764_086_419.0), "2025-11-25 16:00");
    assert_eq!([f64::NAN, -1.0, 1e300].map(date_time)[2], "–");
}
