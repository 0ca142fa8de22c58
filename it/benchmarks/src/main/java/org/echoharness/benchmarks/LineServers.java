package org.echoharness.benchmarks;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.LineBasedFrameDecoder;
import io.netty.handler.codec.string.StringDecoder;
import io.netty.handler.codec.string.StringEncoder;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Consumer;
import org.echoharness.EchoServer;
import org.echoharness.script.Framings;

/**
 * The servers that answer each line with another line of 64 bytes. To compare one more, add its kind to {@link #PEERS} and to
 * {@link #start}. If it is one of this project's, also add it to {@link #ours} and to the parameter of {@link MessageCost}.
 */
final class LineServers {

    /** What {@code script} is compared with, besides our echo. */
    static final List<String> PEERS = List.of(
            "script-answer",
            "script-capture",
            "respond",
            "netty-nio-lines",
            "netty-epoll-lines",
            "netty-nio-strings",
            "netty-epoll-strings");

    private static final int SIZE = 64;
    private static final int LONGEST = 64 << 10; // the default of our bufferSize
    private static final String PONG = "PONG ";

    private LineServers() {}

    /** Starts a server of this kind, and returns its port. */
    static int start(String kind) throws InterruptedException, IOException {
        return switch (kind) {
            case "script", "script-answer", "script-capture", "respond" ->
                ours(kind, SIZE).start().port();
            case "netty-nio-lines" -> nio(LineServers::lines);
            case "netty-nio-strings" -> nio(LineServers::strings);
            case "netty-epoll-lines" -> epoll(LineServers::lines);
            case "netty-epoll-strings" -> epoll(LineServers::strings);
            default -> throw new IllegalArgumentException(kind);
        };
    }

    /** Returns a server of this project, with one of three scripts or a function, that answers lines of {@link Load} with lines of this size. */
    static EchoServer.Builder ours(String kind, int size) {
        EchoServer.Builder server = EchoServer.builder();
        String answer = answer(size);
        String send = "send \"" + answer + "\\n\"";
        return switch (kind) {
            case "script" -> server.script("repeat { expect line \"*\", " + send + " }");
            case "script-answer" -> server.script("answer { line \"QUIT\" -> close, line \"PING *\" -> " + send + " }");
            case "script-capture" -> server.script("answer { line \"PING {text}\" -> send \"PONG {text}\\n\" }");
            case "respond" -> server.respond(Framings.lines(StandardCharsets.UTF_8, "\n"), line -> answer);
            default -> throw new IllegalArgumentException(kind);
        };
    }

    /** Returns an answer that has this size with its line end, which is left out. */
    private static String answer(int size) {
        return PONG + "y".repeat(size - PONG.length() - 1);
    }

    private static int nio(Consumer<ChannelPipeline> handlers) throws InterruptedException {
        return netty(NioIoHandler.newFactory(), NioServerSocketChannel.class, handlers);
    }

    private static int epoll(Consumer<ChannelPipeline> handlers) throws InterruptedException {
        return netty(EpollIoHandler.newFactory(), EpollServerSocketChannel.class, handlers);
    }

    private static int netty(
            IoHandlerFactory transport, Class<? extends ServerChannel> type, Consumer<ChannelPipeline> handlers)
            throws InterruptedException {
        return NettyServer.start(transport, type, handlers).address().getPort();
    }

    /** Netty's fastest way: the line stays bytes, and all answers share their memory. */
    private static void lines(ChannelPipeline pipeline) {
        pipeline.addLast(new LineBasedFrameDecoder(LONGEST), Answer.BYTES);
    }

    /** Netty's usual way. */
    private static void strings(ChannelPipeline pipeline) {
        pipeline.addLast(
                new LineBasedFrameDecoder(LONGEST),
                new StringDecoder(StandardCharsets.UTF_8),
                new StringEncoder(StandardCharsets.UTF_8),
                Answer.STRING);
    }

    /** Answers each line. */
    @ChannelHandler.Sharable
    private static final class Answer extends ChannelInboundHandlerAdapter {

        static final Answer STRING = new Answer(answer(SIZE) + "\n");
        static final Answer BYTES = new Answer(Unpooled.unreleasableBuffer(
                Unpooled.directBuffer(SIZE).writeBytes((answer(SIZE) + "\n").getBytes(StandardCharsets.UTF_8))));

        private final Object answer;

        private Answer(Object answer) {
            this.answer = answer;
        }

        @Override
        @SuppressWarnings("FutureReturnValueIgnored") // the void promise reports to the pipeline
        public void channelRead(ChannelHandlerContext context, Object message) {
            ReferenceCountUtil.release(message);
            context.write(answer instanceof ByteBuf bytes ? bytes.duplicate() : answer, context.voidPromise());
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            context.flush();
        }
    }
}
