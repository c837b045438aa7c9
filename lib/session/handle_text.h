#ifndef SESSION_HANDLE_TEXT_H
#define SESSION_HANDLE_TEXT_H

#include "session/handle.h"

#include <stdbool.h>

/*
 * What handles look like as text: see <relevo/handle.h>.
 */

/* Which object a handle stands for. */
struct object_identity {
	const struct relevo_session *session;
	const char *name;
	uint64_t broker, identity;
};

/* What such a text says. */
struct handle_description {
	char kind[16];
	char url[ADDRESS_MAX];
	char name[NAME_MAX_BYTES + 1];
	uint64_t broker, identity;
};

struct object_identity handle_identity(const struct handle *handle);

/* TOO_SHORT: it does not fit; the text is empty then. */
int handle_print(const struct object_identity *object, const char *kind, char *text, size_t size);

/* BAD_ARGUMENT: it is no such text, or of another kind. */
int handle_parse(const char *text, const char *kind, struct handle_description *description,
		 struct error *error);

/* Whether what was opened by name is the same object. */
bool handle_is_same(const struct object_identity *object,
		    const struct handle_description *description);

/* Say that it is not; GONE. */
int handle_gone(const struct handle_description *description);

/*
 * The rest of relevo_<kind>_from_text(), whose arguments have these names but for where the object
 * goes: open by its name what the text says, with `open`, and give it up if it is another one.
 */
#define HANDLE_FROM_TEXT(kind, options_type, open, object)                                         \
	do {                                                                                       \
		struct handle_description description_;                                            \
		options_type existing_ = { 0 };                                                    \
		relevo_##kind *opened_ = NULL;                                                     \
		int status_ = handle_parse(text, #kind, &description_, thread_error());            \
		if (status_ != RELEVO_OK)                                                          \
			return status_;                                                            \
		if (options != NULL)                                                               \
			existing_ = *options;                                                      \
		existing_.mode = RELEVO_OPEN_EXISTING;                                             \
		status_ = open(session, description_.name, &existing_, &opened_);                  \
		if (status_ == RELEVO_NOT_FOUND)                                                   \
			return handle_gone(&description_);                                         \
		if (status_ != RELEVO_OK)                                                          \
			return status_;                                                            \
		const struct object_identity identity_ = kind##_identity(opened_);                 \
		if (!handle_is_same(&identity_, &description_)) {                                  \
			relevo_##kind##_close(opened_);                                            \
			return handle_gone(&description_);                                         \
		}                                                                                  \
		*(object) = opened_;                                                               \
		return RELEVO_OK;                                                                  \
	} while (0)

/* How a kind of object is opened by name, and closed again. */
struct handle_opener {
	const char *kind;
	/* *handle is that of what was opened. */
	int (*open)(const char *name, void *user, const struct handle **handle);
	void (*close)(void *user);
	void *user;
};

/* Open the object that the text stands for, and no other that bears its name: GONE.
 * BAD_ARGUMENT: it is no such text, or of another kind. */
int handle_open_text(const char *text, const struct handle_opener *opener);

#endif
