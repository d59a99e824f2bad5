package dev.antiphon.servers;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.nio.file.Files;
import java.nio.file.Path;

final class PostgresServerTest {

    @Test
    void itServesStopsServesAgainOnTheSameDataAndLeavesNothing() throws Exception {
        Path directory;
        try (PostgresServer server = PostgresServer.start()) {
            directory = server.directory();
            assertThat(server.url())
                    .isEqualTo("postgres://antiphon@127.0.0.1:" + server.port() + "/postgres");
            assertThat(Ports.isFree(server.port())).isFalse();
            var made = Files.getLastModifiedTime(directory.resolve("data").resolve("PG_VERSION"));

            server.stop();
            assertThat(server.isAlive()).isFalse();
            assertThat(Ports.isFree(server.port())).isTrue();

            server.restart();
            assertThat(server.isAlive()).isTrue();
            assertThat(Files.getLastModifiedTime(directory.resolve("data").resolve("PG_VERSION")))
                    .isEqualTo(made);
        }
        assertThat(directory).doesNotExist();
    }
}
