use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use vq_file::{Dtype, FileError, TensorData, TensorFile, encode_tensors, header_json};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Header {
    format: u32,
    title: String,
}

fn encoded(format: u32) -> Vec<u8> {
    let header = Header { format, title: "a test".into() };
    let tensors = [
        ("counts", TensorData::new(Dtype::U8, vec![2, 3], vec![1, 2, 3, 4, 5, 6])),
        ("text", TensorData::bytes("words".as_bytes())),
    ];
    let header = header_json("example", &header).expect("JSON");
    encode_tensors("example", tensors, [("header", header)]).expect("bytes")
}

fn check_refused(result: Result<impl std::fmt::Debug, FileError>, parts: &[&str]) {
    let message = result.expect_err("refused").to_string();
    assert!(parts.iter().all(|part| message.contains(part)), "{message}");
}

#[test]
fn what_is_written_is_read() {
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let path = folder.path().join("example.safetensors");
    std::fs::write(&path, encoded(1)).expect("written");
    let read = TensorFile::read("example", &path).expect("whole");
    let mapped = TensorFile::map("example", &path).expect("whole");
    for file in [read, mapped] {
        assert_eq!(file.header::<Header>("header", 1).expect("the header").title, "a test");
        assert_eq!(file.names(), ["counts", "text"]);
        assert_eq!(file.tensor("counts", Dtype::U8, &[2, 3]).expect("there"), [1, 2, 3, 4, 5, 6]);
        assert_eq!(file.shape("counts", Dtype::U8, [Some(2), None]).expect("there"), [2, 3]);
        let text = file.shared("text").expect("there");
        assert_eq!(file.sha256().len(), 64);
        drop(file);
        assert_eq!(&*text, b"words", "a tensor's bytes outlive their file");
    }
}

#[test]
fn errors_name_file_tensor_and_what_was_found() {
    let file = TensorFile::from_bytes("example", "memory", encoded(2)).expect("whole");
    check_refused(file.header::<Header>("header", 1), &["example memory", "format 1", "got 2"]);
    check_refused(file.header::<Header>("other", 1), &["metadata `other`", "got none"]);
    check_refused(file.header::<u8>("header", 2), &["`header` of format 2", "invalid type"]);
    check_refused(file.tensor("counts", Dtype::U8, &[6]), &["tensor `counts`, U8 [6]", "U8 [2, 3]"]);
    check_refused(file.tensor("counts", Dtype::I64, &[2, 3]), &["I64 [2, 3]", "got U8 [2, 3]"]);
    check_refused(file.tensor("ids", Dtype::U8, &[6]), &["tensor `ids`", "got none"]);
    check_refused(file.shape("counts", Dtype::U8, [None]), &["U8 [_]", "U8 [2, 3]"]);
    check_refused(file.shape("counts", Dtype::U8, [Some(3), None]), &["U8 [3, _]", "U8 [2, 3]"]);
    let missing = std::path::Path::new("/no/such/file");
    check_refused(TensorFile::read("example", missing), &["read /no/such/file", "No such file"]);
    check_refused(TensorFile::map("example", missing), &["open /no/such/file", "No such file"]);
    let cut = encoded(1)[..40].to_vec();
    check_refused(TensorFile::from_bytes("example", "memory", cut), &["whole safetensors file", "40 bytes"]);
}

#[test]
fn a_tensor_that_does_not_fit_its_shape_is_not_written() {
    let wrong = TensorData::new(Dtype::F32, vec![2], vec![0; 7]);
    let nothing: [(&str, String); 0] = [];
    let bytes = encode_tensors("example", [("wrong", wrong)], nothing);
    let read = bytes.and_then(|bytes| TensorFile::from_bytes("example", "memory", bytes));
    check_refused(read, &["example"]);
}

proptest! {
    #[test]
    fn damaged_bytes_are_refused_or_read(at in 0_usize..200, flip in 1_u8.., cut in 0_usize..200) {
        let mut bytes = encoded(1);
        let at = at % bytes.len();
        bytes[at] ^= flip;
        bytes.truncate(bytes.len() - cut % bytes.len());
        if let Ok(file) = TensorFile::from_bytes("example", "memory", bytes) {
            for name in file.names() {
                prop_assert!(file.get(&name).is_some());
            }
            let _ = file.header::<Header>("header", 1);
        }
    }
}
