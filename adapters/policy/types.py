"""The form of facts as message types, so that a misspelt fact in a rule is refused when it is loaded.

Only to check types: rules run on plain maps. There an absent fact is an error, where a message would have
it be 0, and a rule that nothing is wrong with 0 vulnerabilities would hold when nobody had looked.
"""

from google.protobuf import descriptor_pb2, timestamp_pb2  # type: ignore[import-untyped]  # no stubs installed
from google.protobuf.descriptor_pool import DescriptorPool  # type: ignore[import-untyped]  # no stubs installed

from domain.policy.shape import Counts, Listing, Record, Scalar, Shape, records

PACKAGE = "shiplog.facts"
_FIELD = descriptor_pb2.FieldDescriptorProto
_SCALARS = {Scalar.BOOL: _FIELD.TYPE_BOOL, Scalar.INT: _FIELD.TYPE_INT64, Scalar.TEXT: _FIELD.TYPE_STRING}
_TIMESTAMP = timestamp_pb2.Timestamp.DESCRIPTOR


def type_name(record: Record) -> str:
    """Return what the message type of *record* is called."""
    return f"{PACKAGE}.{record.name}"


def pool_of(root: Record) -> DescriptorPool:
    """Return the message types of *root* and of all that is in it."""
    file = descriptor_pb2.FileDescriptorProto(
        name="shiplog/facts.proto", package=PACKAGE, syntax="proto3", dependency=[_TIMESTAMP.file.name]
    )
    for record in {each.name: each for each in records(root)}.values():
        message = file.message_type.add(name=record.name)
        for number, (name, shape) in enumerate(record.members.items(), 1):
            field = message.field.add(name=name, number=number, label=_FIELD.LABEL_OPTIONAL)
            _describe(field, shape, message)
    pool = DescriptorPool()
    pool.AddSerializedFile(_TIMESTAMP.file.serialized_pb)
    pool.AddSerializedFile(file.SerializeToString())
    return pool


def _describe(
    field: descriptor_pb2.FieldDescriptorProto, shape: Shape, message: descriptor_pb2.DescriptorProto
) -> None:
    match shape:
        case Listing():
            _describe(field, shape.of, message)
            field.label = _FIELD.LABEL_REPEATED
        case Record():
            field.type = _FIELD.TYPE_MESSAGE
            field.type_name = f".{type_name(shape)}"
        case Counts():
            entry = message.nested_type.add(name=f"{field.name.capitalize()}Entry")
            entry.options.map_entry = True
            entry.field.add(name="key", number=1, label=_FIELD.LABEL_OPTIONAL, type=_FIELD.TYPE_STRING)
            entry.field.add(name="value", number=2, label=_FIELD.LABEL_OPTIONAL, type=_FIELD.TYPE_INT64)
            field.label = _FIELD.LABEL_REPEATED
            field.type = _FIELD.TYPE_MESSAGE
            field.type_name = f".{PACKAGE}.{message.name}.{entry.name}"
        case Scalar.INSTANT:
            field.type = _FIELD.TYPE_MESSAGE
            field.type_name = f".{_TIMESTAMP.full_name}"
        case Scalar():
            field.type = _SCALARS[shape]
