"""Writes run.tfevents: the events that tests/it/tensorboard.rs writes, in TensorBoard's own encoding.

Messages are TensorBoard's own; records are framed by its own writer, and read back by its own reader, which checks
lengths and checksums. `python make_events.py FILE` prints what that reader finds in an event file.
Made with tensorboard 2.21.0, protobuf 7.36.2, pillow 13.0.0. Run in this folder.
"""

import io
import sys
import tempfile
from pathlib import Path

from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto import event_pb2, summary_pb2, tensor_pb2, tensor_shape_pb2
from tensorboard.summary.writer.record_writer import RecordWriter


def value(tag, **datum):
    return event_pb2.Event(
        wall_time=1000.5, step=7, summary=summary_pb2.Summary(value=[summary_pb2.Summary.Value(tag=tag, **datum)])
    )


def events():
    yield event_pb2.Event(wall_time=1000.0, file_version="brain.Event:2")
    start = event_pb2.SessionLog(status=event_pb2.SessionLog.START)
    yield event_pb2.Event(wall_time=1000.0, step=4, session_log=start)
    yield value("train/loss", simple_value=0.25)
    yield value("train/codebook", simple_value=0.0)
    # Ids 0..4, chosen 3, 0, 1, 2 times.
    yield value(
        "codes/nouns",
        histo=summary_pb2.HistogramProto(
            min=-0.5, max=3.5, num=6, sum=8, sum_squares=22, bucket_limit=[0.5, 1.5, 2.5, 3.5], bucket=[3, 0, 1, 2]
        ),
    )
    metadata = summary_pb2.SummaryMetadata(plugin_data=summary_pb2.SummaryMetadata.PluginData(plugin_name="text"))
    tensor = tensor_pb2.TensorProto(
        dtype=7, tensor_shape=tensor_shape_pb2.TensorShapeProto(), string_val=["*words* – über".encode()]
    )
    yield value("config", tensor=tensor, metadata=metadata)


def describe(file):
    """What TensorBoard's reader finds."""
    found = EventAccumulator(file, size_guidance={"images": 0, "scalars": 0, "histograms": 0, "tensors": 0})
    found.Reload()
    tags = found.Tags()
    for tag in tags["scalars"]:
        yield tag, [(event.step, event.value) for event in found.Scalars(tag)]
    for tag in tags["histograms"]:
        yield tag, [(event.step, list(event.histogram_value.bucket)) for event in found.Histograms(tag)]
    for tag in tags["images"]:
        pictures = [(event, Image.open(io.BytesIO(event.encoded_image_string))) for event in found.Images(tag)]
        yield tag, [(event.step, event.width, event.height, picture.size) for event, picture in pictures]
    for tag in tags["tensors"]:
        yield tag, [(event.step, list(event.tensor_proto.string_val)) for event in found.Tensors(tag)]


def main():
    if len(sys.argv) > 1:
        for tag, content in describe(sys.argv[1]):
            print(tag, content)
        return
    framed = io.BytesIO()
    framed.close = lambda: None
    writer = RecordWriter(framed)
    for event in events():
        # Deterministic: fields in the order of their numbers.
        writer.write(event.SerializeToString(deterministic=True))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.tfevents"
        path.write_bytes(framed.getvalue())
        assert dict(describe(str(path))) == {
            "train/loss": [(7, 0.25)],
            "train/codebook": [(7, 0.0)],
            "codes/nouns": [(7, [3.0, 0.0, 1.0, 2.0])],
            "config": [(7, ["*words* – über".encode()])],
        }
    Path("run.tfevents").write_bytes(framed.getvalue())


main()
