/// The shipped deployment files, proven without a Docker engine: the Dockerfile's instructions are carried out in
/// folders, the compose file is checked by docker-compose, and the nginx configuration runs in a real nginx.
@NullMarked
package dev.antiphon.e2e.deploy;

import org.jspecify.annotations.NullMarked;
