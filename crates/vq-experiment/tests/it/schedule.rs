use proptest::prelude::*;
use vq_experiment::ScheduleConfig;

#[test]
fn rate_warms_up_and_decays() {
    let schedule = ScheduleConfig { learning_rate: 2.0, warmup: 4, final_factor: 0.1 };
    let rates: Vec<f64> = (1..=12).map(|step| schedule.rate(step, 12)).collect();
    assert_eq!(rates[..4], [0.5, 1.0, 1.5, 2.0]);
    assert!((rates[7] - (0.2 + 1.8 * 0.5)).abs() < 1e-12, "half way down at step 8");
    assert!((rates[11] - 0.2).abs() < 1e-12);
}

proptest! {
    #[test]
    fn rate_is_between_zero_and_the_peak(
        step in 1_u64..500, steps in 1_u64..500, warmup in 0_u64..600, factor in 0.0_f64..=1.0,
    ) {
        let schedule = ScheduleConfig { learning_rate: 1e-3, warmup, final_factor: factor };
        let rate = schedule.rate(step.min(steps), steps);
        prop_assert!(rate > 0.0 || factor == 0.0);
        prop_assert!(rate <= 1e-3 + 1e-15);
    }
}
