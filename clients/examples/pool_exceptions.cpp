/* A function of a pool in C++: an exception must not leave it, so it becomes a failed result. */
#include <cstdio>
#include <cstring>
#include <relevo/relevo.h>
#include <stdexcept>
#include <string>

static int parse(const struct relevo_bytes *argument, relevo_reply *reply, void *) noexcept
try {
	std::string text(static_cast<const char *>(argument->data), argument->size);
	int number = std::stoi(text);
	return relevo_reply_set(reply, &number, sizeof number);
} catch (const std::exception &error) {
	return relevo_reply_fail(reply, "no number: %s", error.what());
}

int main()
{
	const struct relevo_bytes words[] = { { "17", 2 }, { "seventeen", 9 } };
	struct relevo_result results[2];
	relevo_session *session;
	relevo_pool *pool;
	if (relevo_function_register("parse", parse, nullptr) || relevo_session_open(nullptr, nullptr, &session) ||
	    relevo_pool_open(session, nullptr, &pool) ||
	    relevo_pool_map(pool, "parse", words, 2, nullptr, results)) {
		std::fprintf(stderr, "%s\n", relevo_error_detail());
		return 1;
	}
	int number;
	std::memcpy(&number, results[0].data, sizeof number);
	std::printf("%d; %s: %s\n", number, relevo_error_name(results[1].status),
		    static_cast<const char *>(results[1].data));
	relevo_results_free(results, 2);
	relevo_pool_close(pool);
	return relevo_session_close(session);
}
