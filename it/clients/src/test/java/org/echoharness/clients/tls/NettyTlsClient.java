package org.echoharness.clients.tls;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.echoharness.EchoServer;

/**
 * Netty's SslHandler.
 *
 * @param provider the JDK's engine or BoringSSL's
 */
record NettyTlsClient(SslProvider provider) implements TlsClient {

    @Override
    public void assume() {
        if (provider == SslProvider.OPENSSL && !OpenSsl.isAvailable()) {
            Program.skip("Netty's OpenSSL provider is not for this system: " + OpenSsl.unavailabilityCause());
        }
    }

    @Override
    public String exchange(EchoServer server, Trust trust, String setting) throws Exception {
        SslContext context = SslContextBuilder.forClient()
                .sslProvider(provider)
                .trustManager(trust.file().toFile())
                .build();
        return exchange(server, context, Duration.ofSeconds(60));
    }

    /** Connects with the JDK's engine, and fails if the handshake takes longer. */
    static void handshake(EchoServer server, Duration timeout) throws Exception {
        exchange(
                server,
                SslContextBuilder.forClient().sslProvider(SslProvider.JDK).build(),
                timeout);
    }

    private static String exchange(EchoServer server, SslContext context, Duration timeout) throws Exception {
        EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
        try {
            Exchange exchange = new Exchange();
            connect(server, context, timeout, loop, exchange);
            return exchange.answer.get(60, TimeUnit.SECONDS);
        } catch (ExecutionException failed) {
            throw (Exception) failed.getCause();
        } finally {
            assertThat(loop.shutdownGracefully(0, 30, TimeUnit.SECONDS).await(60, TimeUnit.SECONDS))
                    .isTrue();
        }
    }

    private static void connect(
            EchoServer server, SslContext context, Duration timeout, EventLoopGroup loop, Exchange exchange)
            throws InterruptedException {
        Bootstrap client = new Bootstrap()
                .group(loop)
                .channel(NioSocketChannel.class)
                .handler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        SslHandler handler = context.newHandler(channel.alloc(), "localhost", server.port());
                        handler.setHandshakeTimeoutMillis(timeout.toMillis());
                        handler.handshakeFuture().addListener(done -> {
                            if (!done.isSuccess()) {
                                exchange.answer.completeExceptionally(done.cause());
                            }
                        });
                        channel.pipeline().addLast(handler, exchange);
                    }
                });
        client.connect(server.address()).sync();
    }

    /** Sends the message, and receives it. */
    private static final class Exchange extends SimpleChannelInboundHandler<ByteBuf> {

        final CompletableFuture<String> answer = new CompletableFuture<>();
        private final StringBuilder seen = new StringBuilder();

        @Override
        public void channelActive(ChannelHandlerContext context) {
            ChannelFuture written = context.writeAndFlush(Unpooled.copiedBuffer(ANSWER, UTF_8));
            written.addListener(ChannelFutureListener.FIRE_EXCEPTION_ON_FAILURE);
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, ByteBuf bytes) {
            seen.append(bytes.toString(UTF_8));
            if (seen.length() >= ANSWER.length()) {
                answer.complete(seen.toString());
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable thrown) {
            answer.completeExceptionally(thrown); // unless the handshake has
        }
    }
}
