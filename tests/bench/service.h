#ifndef BENCH_SERVICE_H
#define BENCH_SERVICE_H

#include <netinet/in.h>
#include <sys/types.h>

/*
 * A server that is measured. Whatever it starts ends with it, even what
 * put itself into the background; and it ends with the bench, however that ends.
 */
struct service {
	const char *folder;
	const char *program;
	pid_t keeper; /* its parent: a process of the bench that ends it */
	pid_t pid;
	int lifeline; /* the keeper ends all of it when this is closed */
};

/* Start a program in that folder, where the file "output" gets what it prints; it listens some time
 * later. `words` end with NULL; the first is the program. All are kept, not copied. */
void service_start(struct service *service, const char *folder, const char *const *words);

/* Until it listens. Dies when it has ended instead, or does not after a while. */
void service_await_port(const struct service *service, in_port_t port);
void service_await_socket(const struct service *service, const char *path);

/* Ask it to end, and wait for that; what has not ended after a while is killed. */
void service_stop(struct service *service);

/* End it as a failure would, without its knowing. */
void service_kill(struct service *service);

/* A loopback port that is free now. */
in_port_t service_free_port(void);

#endif
