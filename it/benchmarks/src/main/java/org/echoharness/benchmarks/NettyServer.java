package org.echoharness.benchmarks;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.socket.SocketChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** A server of Netty, with one event loop, on any of its transports. It echoes unless it gets other handlers. */
record NettyServer(EventLoopGroup group, Channel channel) implements AutoCloseable {

    static NettyServer start(IoHandlerFactory transport, Class<? extends ServerChannel> type)
            throws InterruptedException {
        return start(transport, type, pipeline -> pipeline.addLast(new Echo()));
    }

    /** @param handlers adds the handlers of a connection */
    static NettyServer start(
            IoHandlerFactory transport, Class<? extends ServerChannel> type, Consumer<ChannelPipeline> handlers)
            throws InterruptedException {
        EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, transport);
        Channel bound = new ServerBootstrap()
                .group(group)
                .channel(type)
                .option(ChannelOption.SO_BACKLOG, 1024)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childHandler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel accepted) {
                        handlers.accept(accepted.pipeline());
                    }
                })
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .sync()
                .channel();
        return new NettyServer(group, bound);
    }

    /** Returns a handler that sends back what comes. */
    static ChannelHandler echo() {
        return new Echo();
    }

    InetSocketAddress address() {
        return (InetSocketAddress) channel.localAddress();
    }

    @Override
    public void close() {
        group.shutdownGracefully(0, 10, TimeUnit.SECONDS).syncUninterruptibly();
    }

    private static final class Echo extends ChannelInboundHandlerAdapter {
        @Override
        @SuppressWarnings("FutureReturnValueIgnored") // the void promise reports to the pipeline
        public void channelRead(ChannelHandlerContext context, Object message) {
            context.write((ByteBuf) message, context.voidPromise());
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            context.flush();
        }
    }
}
