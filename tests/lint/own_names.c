/* A user's program whose functions happen to have the names of ours. Linked
 * with librelevo.a it must build, and the library must not call these. */
#include <relevo/session.h>

#include <string.h>

static int calls;

int buffer_append(void);
int list_remove(void);
int map_find(void);
int error_set(void);
int error_text(void);
int thread_error(void);

int buffer_append(void)
{
	return ++calls;
}

int list_remove(void)
{
	return ++calls;
}

int map_find(void)
{
	return ++calls;
}

int error_set(void)
{
	return ++calls;
}

int error_text(void)
{
	return ++calls;
}

int thread_error(void)
{
	return ++calls;
}

int main(void)
{
	const char *detail = relevo_error_detail();
	const char *message = relevo_error_message(RELEVO_TIMED_OUT);
	return calls == 0 && detail != NULL && strlen(message) > 0 ? 0 : 1;
}
