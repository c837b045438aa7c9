#ifndef WORKER_REGISTRY_H
#define WORKER_REGISTRY_H

#include <relevo/pool.h>

/* What a name stands for. */
struct function_entry {
	relevo_function *function;
	void *user;
};

/* False when nothing is registered under that name. */
bool registry_find(const char *name, struct function_entry *entry);

#endif
