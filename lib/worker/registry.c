/* The functions that this process has registered, by name. */
#include "worker/registry.h"

#include "base/name.h"
#include "base/thread_error.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Few, registered once and looked up once a task: a list will do. */
struct registered {
	struct registered *next;
	struct function_entry entry;
	char name[];
};

static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static struct registered *first;

static struct registered *registry_find_here(const char *name)
{
	struct registered *registered = first;
	while (registered != NULL && strcmp(registered->name, name) != 0)
		registered = registered->next;
	return registered;
}

bool registry_find(const char *name, struct function_entry *entry)
{
	pthread_rwlock_rdlock(&lock);
	const struct registered *registered = registry_find_here(name);
	if (registered != NULL)
		*entry = registered->entry;
	pthread_rwlock_unlock(&lock);
	return registered != NULL;
}

static int registry_add(const char *name, struct function_entry entry)
{
	struct registered *registered = registry_find_here(name);
	if (registered == NULL) {
		size_t size = strlen(name) + 1;
		registered = malloc(sizeof *registered + size);
		if (registered == NULL)
			return RELEVO_NO_MEMORY;
		memcpy(registered->name, name, size);
		registered->next = first;
		first = registered;
	}
	registered->entry = entry;
	return RELEVO_OK;
}

int relevo_function_register(const char *name, relevo_function *function, void *user)
{
	if (!given(name))
		return RELEVO_BAD_ARGUMENT;
	struct error *error = thread_error();
	int status = name_check(name, "function", error);
	if (status != RELEVO_OK)
		return status;
	if (function == NULL)
		return error_set(error, RELEVO_BAD_ARGUMENT, "no function is given for \"%s\"",
				 name);
	pthread_rwlock_wrlock(&lock);
	status = registry_add(name, (struct function_entry){ function, user });
	pthread_rwlock_unlock(&lock);
	if (status != RELEVO_OK)
		error_set(error, status, "no memory to register \"%s\"", name);
	return status;
}
