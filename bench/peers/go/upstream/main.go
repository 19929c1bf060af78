// Command upstream is the gRPC server of the benchmark: it knows no message, only bytes. Every method has a file of replies; one
// without echoes its request.
//
//	upstream -replies DIR    DIR/package.Service.Method holds the replies, each after its length in four bytes
package main

import (
	"encoding/binary"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"path/filepath"

	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
)

type message []byte

// rawCodec hands messages through as they are.
type rawCodec struct{}

func (rawCodec) Name() string { return "proto" }

func (rawCodec) Marshal(value any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(*value.(*message))}, nil
}

func (rawCodec) Unmarshal(data mem.BufferSlice, value any) error {
	*value.(*message) = data.Materialize()
	return nil
}

var _ encoding.CodecV2 = rawCodec{}

func readReplies(dir string) (map[string][]message, error) {
	replies := map[string][]message{}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		extension := filepath.Ext(file)
		name := filepath.Base(file)
		path := "/" + name[:len(name)-len(extension)] + "/" + extension[1:]
		for len(data) > 0 {
			end := 4 + binary.BigEndian.Uint32(data)
			replies[path] = append(replies[path], data[4:end])
			data = data[end:]
		}
	}
	return replies, nil
}

func main() {
	dir := flag.String("replies", "", "folder of reply files")
	flag.Parse()
	replies, err := readReplies(*dir)
	if err != nil {
		log.Fatal(err)
	}
	answer := func(_ any, stream grpc.ServerStream) error {
		var request message
		if err := stream.RecvMsg(&request); err != nil {
			return err
		}
		method, _ := grpc.MethodFromServerStream(stream)
		messages, isKnown := replies[method]
		if !isKnown {
			messages = []message{request}
		}
		for i := range messages {
			if err := stream.SendMsg(&messages[i]); err != nil {
				return err
			}
		}
		if err := stream.RecvMsg(&request); err != io.EOF {
			return err
		}
		return nil
	}
	server := grpc.NewServer(grpc.ForceServerCodecV2(rawCodec{}), grpc.UnknownServiceHandler(answer))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on %s\n", listener.Addr())
	log.Fatal(server.Serve(listener))
}
