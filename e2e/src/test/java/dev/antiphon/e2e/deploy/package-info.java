/// The shipped deployment files, tested without a Docker engine: the Dockerfile's instructions are executed in folders,
/// docker-compose checks the compose file, and the nginx configuration runs in a real nginx.
@NullMarked
package dev.antiphon.e2e.deploy;

import org.jspecify.annotations.NullMarked;
