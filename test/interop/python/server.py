"""The example protos served by grpcio. Its reflection knows v1alpha alone, as that of many servers in the field.

    python server.py --proto DIR --google-protos DIR
"""

import argparse
import pathlib
import sys
import tempfile
from concurrent import futures

import grpc
from google.api import httpbody_pb2
from google.protobuf import any_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_reflection.v1alpha import reflection
from grpc_tools import protoc


def generate(proto_dir, google_protos):
    """Generates the modules of the example protos into a temporary folder and imports them."""
    out = tempfile.mkdtemp(prefix="interop-")
    files = [str(path) for path in sorted(pathlib.Path(proto_dir, "example").glob("*.proto"))]
    arguments = [f"-I{proto_dir}", f"-I{google_protos}", f"--python_out={out}", f"--grpc_python_out={out}"]
    if protoc.main(["protoc", *arguments, *files]) != 0:
        sys.exit("protoc failed")
    sys.path.insert(0, out)
    from example import greeter_pb2, greeter_pb2_grpc, library_pb2, library_pb2_grpc

    return greeter_pb2, greeter_pb2_grpc, library_pb2, library_pb2_grpc


def abort_not_found(context, name):
    """Ends the call with NOT_FOUND and a google.rpc.ResourceInfo among its details."""
    detail = any_pb2.Any()
    detail.Pack(error_details_pb2.ResourceInfo(resource_type="Book", resource_name=name))
    status = status_pb2.Status(code=code_pb2.NOT_FOUND, message=f"no book {name}", details=[detail])
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(grpc.StatusCode.NOT_FOUND, status.message)


def services(greeter, greeter_grpc, library, library_grpc):
    class Greeter(greeter_grpc.GreeterServicer):
        def SayHello(self, request, context):
            return greeter.HelloReply(message=f"Hello {request.name}")

    class Library(library_grpc.LibraryServicer):
        def GetBook(self, request, context):
            if request.name.endswith("/missing"):
                abort_not_found(context, request.name)
            return library.Book(name=request.name, title="Dune", copies_sold=9007199254740993)

        def CreateBook(self, request, context):
            book = library.Book()
            book.CopyFrom(request.book)
            book.name = f"{request.parent}/books/{request.book_id or 'new'}"
            return book

        def StreamBooks(self, request, context):
            for number in range(1, 4):
                if request.fail_after and number > request.fail_after:
                    context.abort(grpc.StatusCode.INTERNAL, f"failed after {request.fail_after}")
                yield library.Book(name=f"{request.parent}/books/{number}")

        def DownloadCover(self, request, context):
            return httpbody_pb2.HttpBody(content_type="image/png", data=b"\x89PNG")

    return Greeter(), Library()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--proto", required=True)
    parser.add_argument("--google-protos", required=True)
    options = parser.parse_args()
    greeter, greeter_grpc, library, library_grpc = generate(options.proto, options.google_protos)

    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
    greeter_service, library_service = services(greeter, greeter_grpc, library, library_grpc)
    greeter_grpc.add_GreeterServicer_to_server(greeter_service, server)
    library_grpc.add_LibraryServicer_to_server(library_service, server)
    names = [pb2.DESCRIPTOR.services_by_name[name].full_name for pb2, name in ((greeter, "Greeter"), (library, "Library"))]
    reflection.enable_server_reflection([*names, reflection.SERVICE_NAME], server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(f"upstream listening on 127.0.0.1:{port}", flush=True)
    server.wait_for_termination()


main()
