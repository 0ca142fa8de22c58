package org.echoharness.kotlin

import java.net.InetSocketAddress
import java.net.Socket
import org.echoharness.EchoClient
import org.echoharness.EchoServer
import org.echoharness.Ending
import org.echoharness.FaultPlan
import org.echoharness.junit.Echo
import org.echoharness.junit.EchoTest
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.BeforeAll
import org.junit.jupiter.api.Test

@EchoTest(faults = "fragment 1")
@EchoTest(name = "other", checks = "all")
class KotlinTest {

    @Echo("other")
    private lateinit var field: EchoServer

    @Test
    fun `a parameter and a lateinit field are injected`(@Echo client: EchoClient, @Echo("other") other: EchoServer) {
        client.expectEcho("hello".toByteArray())
        assertEquals(field.address(), other.address())
        assertEquals(shared, field.address())
    }

    @Test
    fun `a server is closed by use and started by its builder`() {
        EchoServer.builder().faults(FaultPlan.parse("reset after 4")).recording().start().use { server ->
            Socket(server.address().address, server.port()).use { it.getOutputStream().write(ByteArray(5)) }
            val connection = server.recording().awaitConnections(1)[0].awaitEnd()
            connection.assertEndedBy(Ending.Side.SERVER, Ending.How.RST)
            assertArrayEquals(ByteArray(4), connection.sent())
        }
    }

    companion object {
        @Echo("other")
        @JvmStatic
        private var shared: InetSocketAddress? = null

        @BeforeAll
        @JvmStatic
        fun begin(@Echo("other") server: EchoServer) {
            assertEquals(server.address(), shared)
        }
    }
}
