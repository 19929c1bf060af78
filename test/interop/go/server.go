// Command interop serves the example protos by grpc-go, with server reflection v1 and no other.
//
//	go run . [-cert FILE -key FILE]
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"strings"

	"google.golang.org/genproto/googleapis/api/httpbody"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/reflection"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"interop/gen/greeter"
	"interop/gen/library"
)

type greeterServer struct {
	greeter.UnimplementedGreeterServer
}

func (greeterServer) SayHello(_ context.Context, request *greeter.HelloRequest) (*greeter.HelloReply, error) {
	return &greeter.HelloReply{Message: "Hello " + request.GetName()}, nil
}

type libraryServer struct {
	library.UnimplementedLibraryServer
}

func (libraryServer) GetBook(_ context.Context, request *library.GetBookRequest) (*library.Book, error) {
	name := request.GetName()
	if strings.HasSuffix(name, "/missing") {
		detail := &errdetails.ResourceInfo{ResourceType: "Book", ResourceName: name}
		notFound, err := status.New(codes.NotFound, "no book "+name).WithDetails(detail)
		if err != nil {
			return nil, err
		}
		return nil, notFound.Err()
	}
	return &library.Book{Name: name, Title: "Dune", CopiesSold: 9007199254740993}, nil
}

func (libraryServer) CreateBook(_ context.Context, request *library.CreateBookRequest) (*library.Book, error) {
	book := proto.CloneOf(request.GetBook())
	id := request.GetBookId()
	if id == "" {
		id = "new"
	}
	book.Name = request.GetParent() + "/books/" + id
	return book, nil
}

func (libraryServer) StreamBooks(request *library.StreamBooksRequest, stream grpc.ServerStreamingServer[library.Book]) error {
	for number := int32(1); number <= 3; number++ {
		if request.GetFailAfter() > 0 && number > request.GetFailAfter() {
			return status.Errorf(codes.Internal, "failed after %d", request.GetFailAfter())
		}
		if err := stream.Send(&library.Book{Name: fmt.Sprintf("%s/books/%d", request.GetParent(), number)}); err != nil {
			return err
		}
	}
	return nil
}

func (libraryServer) DownloadCover(context.Context, *library.DownloadCoverRequest) (*httpbody.HttpBody, error) {
	return &httpbody.HttpBody{ContentType: "image/png", Data: []byte("\x89PNG")}, nil
}

func main() {
	cert := flag.String("cert", "", "certificate; with -key, serve TLS")
	key := flag.String("key", "", "private key")
	flag.Parse()

	var options []grpc.ServerOption
	if *cert != "" {
		transport, err := credentials.NewServerTLSFromFile(*cert, *key)
		if err != nil {
			log.Fatal(err)
		}
		options = append(options, grpc.Creds(transport))
	}
	server := grpc.NewServer(options...)
	greeter.RegisterGreeterServer(server, greeterServer{})
	library.RegisterLibraryServer(server, libraryServer{})
	reflection.RegisterV1(server)

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("upstream listening on %s\n", listener.Addr())
	log.Fatal(server.Serve(listener))
}
