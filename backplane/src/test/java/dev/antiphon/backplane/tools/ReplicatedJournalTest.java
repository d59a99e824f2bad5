package dev.antiphon.backplane.tools;

import static dev.antiphon.backplane.RealRedis.answer;
import static dev.antiphon.backplane.log.Chat.SESSION;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.antiphon.backplane.RealRedis;
import dev.antiphon.backplane.ReplicatedRedis;
import dev.antiphon.backplane.Unavailable;
import dev.antiphon.backplane.log.Chat;
import dev.antiphon.backplane.log.Token;
import dev.antiphon.backplane.tools.ToolBegin.Begun;
import dev.antiphon.backplane.tools.ToolBegin.Unknown;
import dev.antiphon.protocol.Keys;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.servers.RedisServer;

import io.lettuce.core.KillArgs;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.sync.RedisCommands;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.time.Duration;
import java.util.Optional;

/// No tool is called while a failover could lose its intent.
final class ReplicatedJournalTest {

    private static final Duration IN_TIME = Duration.ofSeconds(20);

    @RegisterExtension static final RealRedis REDIS = new RealRedis();

    private final Chat chat = new Chat(REDIS);
    private final RedisServer replicaServer = RedisServer.start();
    private final RedisClient replicaClient = RedisClient.create(replicaServer.url());
    private final RedisCommands<String, String> replica = replicaClient.connect().sync();
    private final ReplicatedRedis replicated = new ReplicatedRedis(REDIS.settings(), 1);
    private final ToolJournal journal =
            new RedisToolJournal(REDIS.redis(), Optional.of(replicated));
    private int tries;

    @BeforeEach
    void follow() {
        // By default Redis waits 5 s for more replicas before it sends its data to one.
        REDIS.commands().configSet("repl-diskless-sync-delay", "0");
        replica.replicaof("127.0.0.1", REDIS.server().port());
        await().atMost(IN_TIME)
                .until(() -> replica.info("replication").contains("master_link_status:up"));
    }

    @AfterEach
    void close() {
        replicated.close();
        replicaClient.shutdown(Duration.ZERO, IN_TIME);
        replicaServer.close();
    }

    private Token claimed() {
        chat.ask("m1");
        return chat.claimed("w1").token();
    }

    private ToolIntent intent(Token token) {
        return new ToolIntent(
                SESSION, new MessageId("m1"), token, "call_tools:1", "abc1", "try" + ++tries);
    }

    @Test
    void anIntentIsOnTheReplicaWhenItIsBegun() {
        assertThat(answer(journal.begin(intent(claimed()), false))).isEqualTo(new Begun());

        assertThat(replica.hkeys(Keys.tools(SESSION, new MessageId("m1"))))
                .containsExactlyInAnyOrder(":owner", "i:call_tools:1");
    }

    @Test
    void aCallIsNotBegunWithoutTheReplicaAndTheSameTryIsBegunWhenItIsBack() {
        ToolIntent intent = intent(claimed());
        replica.replicaofNoOne();
        await().atMost(IN_TIME)
                .until(() -> REDIS.commands().info("replication").contains("connected_slaves:0"));

        assertThatThrownBy(() -> answer(journal.begin(intent, false)))
                .hasCauseInstanceOf(Unavailable.class)
                .hasMessageContaining("only 0 replicas have it, but CHAT_REDIS_WAIT asks for 1");

        follow();
        assertThat(answer(journal.begin(intent, false))).isEqualTo(new Begun());
        assertThat(answer(journal.begin(intent(intent.token()), false))).isEqualTo(new Unknown());
    }

    @Test
    void aCallThatMayBeRepeatedDoesNotWaitForReplicas() {
        Token token = claimed();
        replica.replicaofNoOne();

        assertThat(answer(journal.begin(intent(token), true))).isEqualTo(new Begun());
    }

    @Test
    void afterACutAnotherConnectionIsOpened() {
        Token token = claimed();
        ToolIntent intent = intent(token);
        answer(journal.begin(intent, false));

        REDIS.commands().clientKill(KillArgs.Builder.typeNormal().skipme());

        await().atMost(IN_TIME)
                .ignoreExceptions()
                .untilAsserted(() ->
                        assertThat(answer(journal.begin(intent, false))).isEqualTo(new Begun()));
    }
}
