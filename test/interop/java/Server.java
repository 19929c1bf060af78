import io.grpc.ServerInterceptors;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import io.grpc.testing.integration.TestServiceImpl;
import java.net.InetSocketAddress;
import java.util.concurrent.Executors;

/** grpc-java's own interop service on a free port; its own server cannot tell which port it got. */
public final class Server {
  public static void main(String[] arguments) throws Exception {
    var service = new TestServiceImpl(Executors.newScheduledThreadPool(2));
    var server =
        NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0))
            .addService(ServerInterceptors.intercept(service, TestServiceImpl.interceptors()))
            .addService(ProtoReflectionServiceV1.newInstance())
            .build()
            .start();
    System.out.println("upstream listening on 127.0.0.1:" + server.getPort());
    server.awaitTermination();
  }
}
