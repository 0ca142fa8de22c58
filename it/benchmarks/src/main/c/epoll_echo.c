// The yardstick: an echo server on bare epoll, one thread, level-triggered. Prints its port.
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SIZE = 65536, EVENTS = 512 };

struct connection {
  int fd;
  int size; // bytes not yet written, from 0 on
  char *held;
};

static void end(struct connection *c) {
  close(c->fd);
  free(c->held);
  free(c);
}

static void serve(int epoll, struct connection *c, char *buffer) {
  if (c->held) {
    ssize_t n = write(c->fd, c->held, c->size);
    if (n < 0 && errno != EAGAIN) { end(c); return; }
    if (n > 0) { memmove(c->held, c->held + n, c->size - n); c->size -= n; }
    if (c->size > 0) return;
    free(c->held);
    c->held = NULL;
    struct epoll_event reading = {.events = EPOLLIN, .data.ptr = c};
    epoll_ctl(epoll, EPOLL_CTL_MOD, c->fd, &reading);
    return;
  }
  ssize_t got = read(c->fd, buffer, SIZE);
  if (got <= 0) {
    if (got == 0 || errno != EAGAIN) end(c);
    return;
  }
  ssize_t n = write(c->fd, buffer, got);
  if (n < 0 && errno != EAGAIN) { end(c); return; }
  if (n < 0) n = 0;
  if (n < got) {
    c->held = malloc(got - n);
    memcpy(c->held, buffer + n, got - n);
    c->size = got - n;
    struct epoll_event writing = {.events = EPOLLOUT, .data.ptr = c};
    epoll_ctl(epoll, EPOLL_CTL_MOD, c->fd, &writing);
  }
}

int main(void) {
  signal(SIGPIPE, SIG_IGN); // a client that resets must not end it
  static char buffer[SIZE];
  struct epoll_event events[EVENTS];
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  int listening = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  int one = 1;
  int epoll = epoll_create1(0);
  struct epoll_event accepting = {.events = EPOLLIN, .data.ptr = NULL};
  if (bind(listening, (struct sockaddr *)&address, length) || listen(listening, 1024)
      || getsockname(listening, (struct sockaddr *)&address, &length)
      || epoll_ctl(epoll, EPOLL_CTL_ADD, listening, &accepting)) {
    perror("epoll_echo");
    return 1;
  }
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
  for (;;) {
    int n = epoll_wait(epoll, events, EVENTS, -1);
    for (int i = 0; i < n; i++) {
      if (events[i].data.ptr) {
        serve(epoll, events[i].data.ptr, buffer);
        continue;
      }
      int fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK);
      if (fd < 0) continue;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
      struct connection *c = calloc(1, sizeof *c);
      c->fd = fd;
      struct epoll_event reading = {.events = EPOLLIN, .data.ptr = c};
      epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &reading);
    }
  }
}
