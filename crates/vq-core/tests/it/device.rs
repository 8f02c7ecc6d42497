use vq_core::DeviceChoice;

#[test]
fn a_choice_round_trips_through_text() {
    for text in ["auto", "cpu", "cuda:0", "cuda:7"] {
        assert_eq!(text.parse::<DeviceChoice>().unwrap().to_string(), text);
    }
    assert_eq!("cuda".parse::<DeviceChoice>().unwrap(), DeviceChoice::Cuda(0));
    for text in ["", "gpu", "cuda:", "cuda:x", "CPU"] {
        let error = text.parse::<DeviceChoice>().unwrap_err().to_string();
        assert_eq!(error, format!("device: expected `auto`, `cpu` or `cuda:N`, got `{text}`"));
    }
}

#[test]
fn a_missing_device_is_an_error() {
    assert_eq!(DeviceChoice::Cpu.resolve().unwrap(), tch::Device::Cpu);
    DeviceChoice::Auto.resolve().unwrap();
    let error = DeviceChoice::Cuda(4096).resolve().unwrap_err().to_string();
    assert!(error.contains("libtorch_cuda.so") && error.ends_with("got cuda:4096"), "{error}");
}
