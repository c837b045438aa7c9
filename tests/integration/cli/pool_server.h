#ifndef INTEGRATION_CLI_POOL_SERVER_H
#define INTEGRATION_CLI_POOL_SERVER_H

#include "integration/cli/client.h"

/* "relevo pool serve w ...", started by a test: it says nothing, so what it runs, and when it
 * is ready, is seen by others. */

/* Start it with these words behind the name, and wait until so many workers are ready. */
pid_t server_start(struct scene *scene, uint64_t workers, const char *const *words);

#define server_begin(scene, workers, ...)                                                          \
	server_start((scene), (workers), (const char *const[]){ __VA_ARGS__, NULL })

/* Wait until the pool has so many workers, tasks that run, or tasks that wait. */
void server_wait_workers(struct scene *scene, uint64_t count);
void server_wait_running(struct scene *scene, uint64_t count);
void server_wait_waiting(struct scene *scene, uint64_t count);

/* SIGTERM: it ends in order. */
void server_stop(pid_t server);

/* Start "relevo pool map w ...", its output and complaints going nowhere. */
pid_t caller_start(const char *const *words);

#define caller_begin(...) caller_start((const char *const[]){ __VA_ARGS__, NULL })

/* A path in the scene's folder. Valid until the next but three. */
const char *scratch(const struct scene *scene, const char *name);

/* Wait until the file has so many lines, and take the last as a number. */
long scratch_number(const struct scene *scene, const char *name, int lines);

/* A command that notes its process in the file that follows, and goes on until it may read
 * from the one behind that. */
#define WAITS "--", "sh", "-c", "echo $$ >>$2; read line <$3; echo $1", "x", "{}"

/* A FIFO, "fifo" of the scratch files, that such commands wait for. */
int barrier_make(const struct scene *scene);

/* Let one of them go on. */
void barrier_open(int fd);

#endif
