import socket

with socket.create_server(("127.0.0.1", 0)) as listening:
    listening.settimeout(60)
    print(listening.getsockname()[1], flush=True)
    connection, client = listening.accept()
    with connection:
        connection.settimeout(60)
        while True:
            data = connection.recv(16)
            if not data:
                break
            connection.sendall(data)
