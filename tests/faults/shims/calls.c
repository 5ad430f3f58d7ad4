/* Counts who tries to reach beyond this machine. Preloaded into every process of the day (LD_PRELOAD).
 *
 * Each attempt is one line of FAULT_CALLS: which call, which address. Loopback and socket files are no attempts.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void note(const char *call, const char *where) {
  const char *path = getenv("FAULT_CALLS");
  int file = path ? open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600) : -1;
  if (file < 0) return;
  char line[400];
  int length = snprintf(line, sizeof line, "%s %s\n", call, where);
  if (write(file, line, (size_t)length) < 0) abort();
  close(file);
}

static void look(const char *call, const struct sockaddr *to) {
  char where[INET6_ADDRSTRLEN] = "";
  if (!to) return;
  if (to->sa_family == AF_INET) {
    const struct in_addr *at = &((const struct sockaddr_in *)to)->sin_addr;
    if ((ntohl(at->s_addr) >> 24) == 127 || at->s_addr == 0) return;
    inet_ntop(AF_INET, at, where, sizeof where);
  } else if (to->sa_family == AF_INET6) {
    const struct in6_addr *at = &((const struct sockaddr_in6 *)to)->sin6_addr;
    if (IN6_IS_ADDR_LOOPBACK(at) || IN6_IS_ADDR_UNSPECIFIED(at)) return;
    inet_ntop(AF_INET6, at, where, sizeof where);
  } else {
    return;
  }
  note(call, where);
}

int connect(int file, const struct sockaddr *to, socklen_t size) {
  int (*real)(int, const struct sockaddr *, socklen_t) = dlsym(RTLD_NEXT, "connect");
  look("connect", to);
  return real(file, to, size);
}

ssize_t sendto(int file, const void *data, size_t size, int flags, const struct sockaddr *to, socklen_t length) {
  ssize_t (*real)(int, const void *, size_t, int, const struct sockaddr *, socklen_t) = dlsym(RTLD_NEXT, "sendto");
  look("sendto", to);
  return real(file, data, size, flags, to, length);
}

ssize_t sendmsg(int file, const struct msghdr *message, int flags) {
  ssize_t (*real)(int, const struct msghdr *, int) = dlsym(RTLD_NEXT, "sendmsg");
  look("sendmsg", message->msg_name);
  return real(file, message, flags);
}

/* The system looks names up inside the C library, out of sight of the calls above. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
  int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **) = dlsym(RTLD_NEXT, "getaddrinfo");
  struct in6_addr address;
  int is_number = name && (inet_pton(AF_INET, name, &address) == 1 || inet_pton(AF_INET6, name, &address) == 1);
  if (name && !is_number && strcmp(name, "localhost")) note("getaddrinfo", name);
  return real(name, service, hints, found);
}
