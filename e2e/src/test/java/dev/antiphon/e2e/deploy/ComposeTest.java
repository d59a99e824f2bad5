package dev.antiphon.e2e.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.e2e.installation.Programs;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/// The compose file, as docker-compose itself reads it.
final class ComposeTest {
    private static final Path ROOT = Path.of("..");

    @Test
    void composeTakesTheFile() throws Exception {
        assertThat(compose(Map.of(), "config", "-q")).isEmpty();
    }

    @Test
    void theServicesAreThreeGatewaysBehindNginxAWorkerAndTheirServers() throws Exception {
        assertThat(compose(Map.of(), "config", "--services").lines())
                .contains(
                        "nats",
                        "redis",
                        "gateway-1",
                        "gateway-2",
                        "gateway-3",
                        "workflow",
                        "nginx");
    }

    @Test
    void aWorkerAloneBringsItsServersAndWaitsUntilTheyAreHealthy() throws Exception {
        String workflow = service("workflow");

        assertThat(workflow)
                .containsPattern("nats:\\s+condition: service_healthy")
                .containsPattern("redis:\\s+condition: service_healthy")
                .doesNotContain("gateway-1");
    }

    @Test
    void aProviderKeyReachesTheWorkerAndNoOtherService() throws Exception {
        String whole = compose(Map.of("OPENAI_API_KEY", "sk-proof"), "config");

        assertThat(whole.split("sk-proof", -1)).hasSize(2);
        assertThat(service(whole, "workflow")).contains("OPENAI_API_KEY: sk-proof");
    }

    @Test
    void onlyTheLoadBalancerIsOpenToOtherMachines() throws Exception {
        String whole = compose(Map.of(), "config");

        // docker-compose writes a port with an address in the long form, any other port in the
        // short form.
        assertThat(matches(whole, "published: (\\d+)")).containsExactly("80");
        assertThat(service(whole, "nginx")).contains("published: 80");
        assertThat(matches(whole, "- ([\\d.]+:\\d+:\\d+)/tcp"))
                .containsExactlyInAnyOrder(
                        "127.0.0.1:4222:4222",
                        "127.0.0.1:8222:8222",
                        "127.0.0.1:6379:6379",
                        "127.0.0.1:8081:8080",
                        "127.0.0.1:8082:8080",
                        "127.0.0.1:8083:8080",
                        "127.0.0.1:3000:80");
    }

    private static List<String> matches(String text, String pattern) {
        return Pattern.compile(pattern)
                .matcher(text)
                .results()
                .map(found -> found.group(1))
                .toList();
    }

    private static String service(String name) throws Exception {
        return service(compose(Map.of(), "config"), name);
    }

    private static String service(String configuration, String name) {
        String begun = configuration.substring(configuration.indexOf("\n  " + name + ":\n") + 1);
        // Until the next line that is not indented further than the service's name.
        return begun.lines()
                .skip(1)
                .takeWhile(line -> line.startsWith("   "))
                .reduce("", (a, b) -> a + "\n" + b);
    }

    private static String compose(Map<String, String> variables, String... arguments)
            throws IOException, InterruptedException {
        var command =
                new ProcessBuilder(
                        Programs.find("docker-compose", "docker-compose"),
                        "--env-file",
                        ".env.example");
        command.command().addAll(List.of(arguments));
        // The environment of this machine must not decide.
        command.environment().keySet().retainAll(Set.of("PATH", "HOME"));
        command.environment().putAll(variables);
        Process process = command.directory(ROOT.toFile()).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
        return output;
    }
}
