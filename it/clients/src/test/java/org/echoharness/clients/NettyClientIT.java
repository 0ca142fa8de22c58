package org.echoharness.clients;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ConnectTimeoutException;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.FixedLengthFrameDecoder;
import io.netty.handler.timeout.IdleStateEvent;
import io.netty.handler.timeout.IdleStateHandler;
import io.netty.handler.timeout.ReadTimeoutException;
import io.netty.handler.timeout.ReadTimeoutHandler;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.net.ConnectException;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import org.echoharness.EchoServer;
import org.echoharness.FaultPlan;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A client made of Netty. Its documentation says:
 *
 * <ul>
 *   <li>{@link io.netty.channel.ChannelInboundHandler}: {@code exceptionCaught} is called with what was thrown, and
 *       {@code channelInactive} at the end of the channel's life;
 *   <li>{@link io.netty.channel.socket.DuplexChannelConfig#isAllowHalfClosure}: if not, the channel is closed when the
 *       peer ends its output; if so, there is a {@link ChannelInputShutdownEvent};
 *   <li>{@link WriteBufferWaterMark}: with more bytes queued than the high mark {@link Channel#isWritable} starts to be
 *       false, and below the low mark to be true again;
 *   <li>{@link ReadTimeoutHandler}: raises a {@link ReadTimeoutException} when nothing was read for some time, and
 *       closes the channel;
 *   <li>{@link ConnectTimeoutException}: the connection could not be established in time;
 *   <li>{@link FixedLengthFrameDecoder}: frames have one length, however the bytes are split.
 * </ul>
 */
@Timeout(60)
class NettyClientIT {

    private static final String INACTIVE = "inactive";
    private static final String ALL_WRITTEN = "all written";

    private static EventLoopGroup loop;

    private final Events events = new Events();

    @BeforeAll
    static void startLoop() {
        loop = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    }

    @AfterAll
    static void stopLoop() {
        assertThat(loop.shutdownGracefully(0, 30, SECONDS).awaitUninterruptibly(60, SECONDS))
                .isTrue();
    }

    @Test
    void readsEcho() throws Exception {
        try (EchoServer server = EchoServer.builder().start()) {
            Channel channel = connect(server, client(events));
            write(channel, "hello");
            assertThat(events.next()).isEqualTo("hello");

            channel.close().sync();
            assertThat(events.next()).isEqualTo(INACTIVE);
        }
    }

    @Test
    void resetFiresExceptionAndEnd() throws Exception {
        try (EchoServer server =
                EchoServer.builder().faults("reset after 5 sent").start()) {
            write(connect(server, client(events)), "hello");

            assertThat(events.next()).isEqualTo("hello");
            assertThat(events.next()).isInstanceOf(IOException.class);
            assertThat(events.next()).isEqualTo(INACTIVE);
        }
    }

    @Test
    void closeFiresEndWithoutException() throws Exception {
        try (EchoServer server =
                EchoServer.builder().faults("close after 5 sent").start()) {
            write(connect(server, client(events)), "hello");

            assertThat(events.next()).isEqualTo("hello");
            assertThat(events.next()).isEqualTo(INACTIVE);
        }
    }

    @Test
    void halfCloseFiresEndIfNotAllowed() throws Exception {
        try (EchoServer server =
                EchoServer.builder().faults("half-close after 5 sent").start()) {
            write(connect(server, client(events)), "hello");

            assertThat(events.next()).isEqualTo("hello");
            assertThat(events.next()).isEqualTo(INACTIVE);
        }
    }

    @Test
    void halfCloseFiresEventAndKeepsWriting() throws Exception {
        try (EchoServer server =
                EchoServer.builder().faults("half-close after 5 sent").start()) {
            Channel channel = connect(server, client(events).option(ChannelOption.ALLOW_HALF_CLOSURE, true));
            write(channel, "hello");
            assertThat(events.next()).isEqualTo("hello");
            assertThat(events.next()).isInstanceOf(ChannelInputShutdownEvent.class);

            write(channel, "more");
            assertThat(channel.isActive()).isTrue();
        }
    }

    @Test
    void stallMakesChannelUnwritable() throws Exception {
        try (EchoServer server = EchoServer.builder().faults("stall").start()) {
            Bootstrap client = client(new IdleStateHandler(0, 500, 0, MILLISECONDS), new Writer(), events);
            Channel channel = connect(
                    server,
                    client.option(ChannelOption.WRITE_BUFFER_WATER_MARK, new WriteBufferWaterMark(32 << 10, 64 << 10)));
            assertThat(events.next()).isInstanceOf(IdleStateEvent.class);
            assertThat(isWritable(channel)).isFalse();

            server.setFaultsOfAll(FaultPlan.none());
            assertThat(events.nextBut(IdleStateEvent.class)).isEqualTo(ALL_WRITTEN);
            assertThat(isWritable(channel)).isTrue();
        }
    }

    @Test
    void stallCausesReadTimeout() throws Exception {
        try (EchoServer server = EchoServer.builder().faults("stall").start()) {
            Channel channel = connect(server, client(events));
            write(channel, "hello");
            channel.pipeline().addFirst(new ReadTimeoutHandler(200, MILLISECONDS));

            assertThat(events.next()).isInstanceOf(ReadTimeoutException.class);
            assertThat(events.next()).isEqualTo(INACTIVE);
        }
    }

    @Test
    void unansweredConnectCausesTimeout() throws Exception {
        try (EchoServer server = EchoServer.builder().start()) {
            server.unanswered();
            ChannelFuture connect = client(events)
                    .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 200)
                    .connect(server.address());

            assertThat(connect.await(30, SECONDS)).isTrue();
            assertThat(connect.cause()).isInstanceOf(ConnectTimeoutException.class);
        }
    }

    @Test
    void refusedConnectCausesNoTimeout() throws Exception {
        try (EchoServer server = EchoServer.builder().start()) {
            server.refuse();
            ChannelFuture connect = client(events).connect(server.address());

            assertThat(connect.await(30, SECONDS)).isTrue();
            assertThat(connect.cause())
                    .isInstanceOf(ConnectException.class)
                    .isNotInstanceOf(ConnectTimeoutException.class);
        }
    }

    @Test
    void decodesFramesFromAnyChunks() throws Exception {
        List<String> conversation = new CopyOnWriteArrayList<>();
        try (EchoServer server = EchoServer.builder()
                .faults("fragment 1 every 1ms")
                .conversation(conversation::add)
                .start()) {
            write(connect(server, client(new FixedLengthFrameDecoder(3), events)), "abcdefghi");

            assertThat(events.next()).isEqualTo("abc");
            assertThat(events.next()).isEqualTo("def");
            assertThat(events.next()).isEqualTo("ghi");
        }
        assertThat(conversation).filteredOn(line -> line.startsWith("send")).hasSize(9);
    }

    private static Bootstrap client(ChannelHandler... handlers) {
        return new Bootstrap().group(loop).channel(NioSocketChannel.class).handler(new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel channel) {
                channel.pipeline().addLast(handlers);
            }
        });
    }

    private static Channel connect(EchoServer server, Bootstrap client) throws InterruptedException {
        return client.connect(server.address()).sync().channel();
    }

    private static void write(Channel channel, String text) throws InterruptedException {
        channel.writeAndFlush(ByteBufUtil.writeUtf8(channel.alloc(), text)).sync();
    }

    /** Read on the loop: the listener of a write is called before the buffer counts as drained. */
    private static boolean isWritable(Channel channel) throws Exception {
        return channel.eventLoop().submit(channel::isWritable).get(30, SECONDS);
    }

    /** The events at the end of the pipeline, in order. The channel's loop adds them, and the test takes them. */
    private static final class Events extends SimpleChannelInboundHandler<ByteBuf> {

        private final BlockingQueue<Object> queue = new LinkedBlockingQueue<>();

        Object next() throws InterruptedException {
            Object event = queue.poll(30, SECONDS);
            assertThat(event).as("the channel's next event").isNotNull();
            return event;
        }

        Object nextBut(Class<?> ignored) throws InterruptedException {
            Object event = next();
            while (ignored.isInstance(event)) {
                event = next();
            }
            return event;
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, ByteBuf bytes) {
            queue.add(bytes.toString(UTF_8));
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            queue.add(event);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable thrown) {
            queue.add(thrown);
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            queue.add(INACTIVE);
        }
    }

    /** Writes more than the kernel holds, while the channel is writable, and drops the echo. */
    private static final class Writer extends ChannelInboundHandlerAdapter {

        private static final int CHUNK = 32 << 10;

        private int chunks = (64 << 20) / CHUNK;

        @Override
        public void channelActive(ChannelHandlerContext context) {
            write(context);
            context.fireChannelActive();
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext context) {
            write(context);
        }

        private void write(ChannelHandlerContext context) {
            while (chunks > 0 && context.channel().isWritable()) {
                chunks--;
                ChannelFuture written = context.writeAndFlush(Unpooled.wrappedBuffer(new byte[CHUNK]));
                if (chunks == 0) {
                    written.addListener(done -> context.fireUserEventTriggered(ALL_WRITTEN));
                }
            }
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object bytes) {
            ReferenceCountUtil.release(bytes);
        }
    }
}
