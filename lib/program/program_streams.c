/* Opening the standard streams of a program that is to be started. */
#include "program/program_streams.h"

#include "os/descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static const char *const names[] = { "input", "output", "errors" };

static int program_streams_fail(int which, struct error *error)
{
	return error_set_errno(error, RELEVO_SYSTEM, errno, "no descriptor for the %s of a program",
			       names[which]);
}

static int open_pipe(struct streams *streams, int which, struct error *error)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return program_streams_fail(which, error);
	/* Input is written here and read there. */
	streams->ours[which] = descriptor_raise(ends[which == 0 ? 1 : 0]);
	streams->opened[which] = descriptor_raise(ends[which == 0 ? 0 : 1]);
	streams->theirs[which] = streams->opened[which];
	return streams->ours[which] < 0 || streams->opened[which] < 0
		       ? program_streams_fail(which, error)
		       : RELEVO_OK;
}

static int open_null(struct streams *streams, int which, struct error *error)
{
	int fd = descriptor_raise(open("/dev/null", O_RDWR | O_CLOEXEC));
	streams->opened[which] = streams->theirs[which] = fd;
	return fd < 0 ? program_streams_fail(which, error) : RELEVO_OK;
}

static int open_one(struct streams *streams, int which, const struct relevo_stream *stream,
		    struct error *error)
{
	switch (stream->kind) {
	case RELEVO_STREAM_INHERIT:
		/* None here, none there. */
		streams->theirs[which] = fcntl(which, F_GETFD) < 0 ? -1 : which;
		return RELEVO_OK;
	case RELEVO_STREAM_PIPE:
		return open_pipe(streams, which, error);
	case RELEVO_STREAM_NULL:
		return open_null(streams, which, error);
	case RELEVO_STREAM_GIVEN:
		streams->theirs[which] = stream->descriptor;
		if (fcntl(stream->descriptor, F_GETFD) >= 0)
			return RELEVO_OK;
		return error_set(error, RELEVO_BAD_ARGUMENT,
				 "%d, for the %s of a program, is no open descriptor",
				 stream->descriptor, names[which]);
	case RELEVO_STREAM_TO_OUTPUT:
		if (which != 2)
			break;
		streams->theirs[2] = streams->theirs[1];
		return RELEVO_OK;
	}
	return error_set(error, RELEVO_BAD_ARGUMENT,
			 "%d is nothing that the %s of a program can be", (int)stream->kind,
			 names[which]);
}

int streams_open(struct streams *streams, const struct relevo_program_options *options,
		 struct error *error)
{
	const struct relevo_stream *wanted[] = { &options->input, &options->output,
						 &options->errors };
	*streams = (struct streams){ { -1, -1, -1 }, { -1, -1, -1 }, { -1, -1, -1 } };
	for (int i = 0; i < 3; i++) {
		int status = open_one(streams, i, wanted[i], error);
		if (status != RELEVO_OK) {
			streams_close(streams);
			return status;
		}
	}
	return RELEVO_OK;
}

static void program_streams_close_all(int descriptors[3])
{
	for (int i = 0; i < 3; i++) {
		if (descriptors[i] >= 0)
			close(descriptors[i]);
		descriptors[i] = -1;
	}
}

void streams_close_theirs(struct streams *streams)
{
	program_streams_close_all(streams->opened);
}

void streams_close(struct streams *streams)
{
	program_streams_close_all(streams->ours);
	program_streams_close_all(streams->opened);
}
