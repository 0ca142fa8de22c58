package org.echoharness.benchmarks;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.echoharness.EchoServer;

/** The relays in Java: ours, and one with Netty. */
final class JavaRelays {

    static final String OURS = "relay";
    static final String NETTY_NIO = "netty-nio-relay";
    static final String NETTY_EPOLL = "netty-epoll-relay";

    private JavaRelays() {}

    /** Starts a relay to this port, and returns its own. */
    static int start(String kind, int upstream) throws InterruptedException, IOException {
        return switch (kind) {
            case OURS -> ours(upstream).start().port();
            case NETTY_NIO -> netty(NioIoHandler.newFactory(), NioServerSocketChannel.class, upstream);
            case NETTY_EPOLL -> netty(EpollIoHandler.newFactory(), EpollServerSocketChannel.class, upstream);
            default -> throw new IllegalArgumentException(kind);
        };
    }

    static EchoServer.Builder ours(int upstream) {
        return EchoServer.builder().upstream("127.0.0.1:" + upstream);
    }

    private static int netty(IoHandlerFactory transport, Class<? extends ServerChannel> type, int upstream)
            throws InterruptedException {
        InetSocketAddress to = new InetSocketAddress(InetAddress.getLoopbackAddress(), upstream);
        return NettyServer.start(transport, type, pipeline -> relay(pipeline, to))
                .address()
                .getPort();
    }

    /** Netty's usual way: each leg is read again when the other one has written what was read. */
    @SuppressWarnings("FutureReturnValueIgnored") // the listener has it
    private static void relay(ChannelPipeline pipeline, InetSocketAddress to) {
        Channel client = pipeline.channel();
        client.config().setAutoRead(false);
        ChannelFuture connecting = new Bootstrap()
                .group(client.eventLoop())
                .channelFactory(
                        () -> client instanceof EpollSocketChannel ? new EpollSocketChannel() : new NioSocketChannel())
                .option(ChannelOption.AUTO_READ, false)
                .option(ChannelOption.TCP_NODELAY, true)
                .handler(new Leg(client))
                .connect(to);
        pipeline.addLast(new Leg(connecting.channel()));
        connecting.addListener((ChannelFutureListener) connected -> {
            if (connected.isSuccess()) {
                client.read();
                connected.channel().read();
            } else {
                client.close();
            }
        });
    }

    /** Writes what one channel reads to another. */
    @SuppressWarnings("FutureReturnValueIgnored") // the listener has it
    private static final class Leg extends ChannelInboundHandlerAdapter {

        private final Channel to;

        Leg(Channel to) {
            this.to = to;
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            to.writeAndFlush(message).addListener((ChannelFutureListener) written -> {
                if (written.isSuccess()) {
                    context.channel().read();
                } else {
                    context.close();
                }
            });
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            closeWhenSent(to);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            closeWhenSent(context.channel());
        }

        private static void closeWhenSent(Channel channel) {
            if (channel.isActive()) {
                channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
            }
        }
    }
}
