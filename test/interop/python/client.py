"""Calls grpc.testing.TestService by grpcio in every way and prints what came, as JSON.

    python client.py --proto grpc_testing.proto [--ca FILE] HOST:PORT
"""

import argparse
import json
import pathlib
import sys
import tempfile
import time

import grpc
from grpc_tools import protoc

METADATA = (
    ("x-grpc-test-echo-initial", "test_initial_metadata_value"),
    ("x-grpc-test-echo-trailing-bin", b"\xab\xab\xab\x00"),
)


def generate(proto):
    """Generates the modules of the proto into a temporary folder and imports them."""
    out = tempfile.mkdtemp(prefix="interop-")
    path = pathlib.Path(proto)
    arguments = [f"-I{path.parent}", f"--python_out={out}", f"--grpc_python_out={out}", path.name]
    if protoc.main(["protoc", *arguments]) != 0:
        sys.exit("protoc failed")
    sys.path.insert(0, out)
    import grpc_testing_pb2
    import grpc_testing_pb2_grpc

    return grpc_testing_pb2, grpc_testing_pb2_grpc


def echoed(metadata):
    """What the service echoes of the metadata; the rest is a matter of the connection."""
    return [[key, value if isinstance(value, str) else value.hex()] for key, value in metadata if "echo" in key]


def end_of(call):
    return {"code": call.code().name, "details": call.details(), "trailing": echoed(call.trailing_metadata())}


def failure(error):
    return {"code": error.code().name, "details": error.details()}


def outcome_of(run):
    try:
        return run()
    except grpc.RpcError as error:
        return failure(error)


def replies_of(call):
    """The sizes of the replies, and how the call ended."""
    sizes = []
    try:
        for reply in call:
            sizes.append(len(reply.payload.body))
    except grpc.RpcError as error:
        return {"sizes": sizes, **failure(error)}
    return {"sizes": sizes, **end_of(call), "initial": echoed(call.initial_metadata())}


def outcomes(stub, pb):
    """Each way to call, by name."""

    def output(*sizes, interval_us=0):
        parameters = [pb.ResponseParameters(size=size, interval_us=interval_us) for size in sizes]
        return pb.StreamingOutputCallRequest(response_parameters=parameters, payload=pb.Payload(body=b"x" * 1000))

    def unary(**options):
        request = pb.SimpleRequest(response_size=314159, payload=pb.Payload(body=b"\0" * 271828))
        reply, call = stub.UnaryCall.with_call(request, **options)
        return {"size": len(reply.payload.body), **end_of(call), "initial": echoed(call.initial_metadata())}

    def compressed_reply():
        request = pb.SimpleRequest(response_size=50000, response_compressed=pb.BoolValue(value=True))
        return {"size": len(stub.UnaryCall(request).payload.body)}

    def inputs(**options):
        requests = (pb.StreamingInputCallRequest(payload=pb.Payload(body=b"y" * size)) for size in (27182, 8, 0, 45904))
        reply, call = stub.StreamingInputCall.with_call(requests, **options)
        return {"size": reply.aggregated_payload_size, **end_of(call)}

    def status(code):
        request = pb.SimpleRequest(response_status=pb.EchoStatus(code=code, message=f"code {code}\t\n☺ %41"))
        return outcome_of(lambda: stub.UnaryCall(request))

    def deadline():
        call = stub.StreamingOutputCall(output(10, 10, interval_us=2_000_000), timeout=0.3)
        outcome = replies_of(call)
        # Each side names the deadline in its own words.
        return {**outcome, "details": None, "sizes": len(outcome["sizes"]) < 2}

    def cancel():
        call = stub.FullDuplexCall(iter([output(31415), output(9, interval_us=2_000_000)]))
        first = len(next(call).payload.body)
        started = time.monotonic()
        call.cancel()
        return {"first": first, "code": call.code().name, "quick": time.monotonic() - started < 1}

    gzip = grpc.Compression.Gzip
    yield "empty", lambda: {"empty": stub.EmptyCall(pb.Empty()) == pb.Empty()}
    yield "unary", lambda: unary(metadata=METADATA)
    yield "unary, gzip", lambda: unary(compression=gzip)
    yield "unary, a compressed reply", compressed_reply
    yield "a stream of replies", lambda: replies_of(stub.StreamingOutputCall(output(*range(100)), metadata=METADATA))
    yield "a stream of requests", lambda: inputs(metadata=METADATA)
    yield "a stream of requests, gzip", lambda: inputs(compression=gzip)
    duplex = [output(1), output(2, 3), output()]
    yield "both", lambda: replies_of(stub.FullDuplexCall(iter(duplex), metadata=METADATA))
    yield "both, gzip", lambda: replies_of(stub.FullDuplexCall(iter(duplex), compression=gzip))
    yield "both, nothing sent", lambda: replies_of(stub.FullDuplexCall(iter([])))
    yield "statuses", lambda: [status(code) for code in (1, 2, 3, 5, 7, 8, 10, 16)]
    yield "a deadline", deadline
    yield "cancelled", cancel
    yield "not implemented", lambda: stub.UnimplementedCall(pb.Empty())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--proto", required=True)
    parser.add_argument("--ca")
    parser.add_argument("target")
    options = parser.parse_args()
    pb, pb_grpc = generate(options.proto)
    if options.ca:
        credentials = grpc.ssl_channel_credentials(pathlib.Path(options.ca).read_bytes())
        channel = grpc.secure_channel(options.target, credentials)
    else:
        channel = grpc.insecure_channel(options.target)
    stub = pb_grpc.TestServiceStub(channel)
    print(json.dumps({name: outcome_of(run) for name, run in outcomes(stub, pb)}))


main()
