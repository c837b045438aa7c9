#include "transcript/scene.h"

#include <stdlib.h>

int scene_setup_with(void **state, const char *const *arguments)
{
	struct scene *scene = calloc(1, sizeof *scene);
	assert_non_null(scene);
	*state = scene;
	test_broker_start(&scene->broker, arguments);
	wire_connect(&scene->client, scene->broker.url);
	wire_connect(&scene->bystander, scene->broker.url);
	wire_hello(&scene->client);
	wire_hello(&scene->bystander);
	scene->queue = wire_open(&scene->client, "work");
	scene->beside = wire_open(&scene->bystander, "beside");
	return 0;
}

int scene_setup(void **state)
{
	return scene_setup_with(state, NULL);
}

int scene_teardown(void **state)
{
	struct scene *scene = *state;
	wire_round_trip(&scene->bystander, scene->beside);
	wire_close(&scene->bystander);
	wire_close(&scene->client);
	test_broker_stop(&scene->broker);
	free(scene);
	return 0;
}
