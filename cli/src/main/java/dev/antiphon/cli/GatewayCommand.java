package dev.antiphon.cli;

import dev.antiphon.gateway.Gateway;
import dev.antiphon.gateway.GatewayConfig;
import dev.antiphon.protocol.Environment;
import dev.antiphon.providers.ModelProviders;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

import java.nio.file.Path;
import java.util.concurrent.Callable;

/// `antiphon gateway`: one gateway process.
@Command(
        name = "gateway",
        header = "Run one gateway.",
        description = {
            "Configured by the environment (PROTOCOL.md, section 7). Other settings come from the"
                    + " `antiphon up` that runs on the same data folder."
        },
        mixinStandardHelpOptions = true)
final class GatewayCommand implements Callable<Integer> {
    @Option(
            names = "--data",
            paramLabel = "DIR",
            description =
                    "The folder of the `antiphon up` to join. Default: .antiphon in the project's"
                            + " root.")
    private @Nullable Path data;

    @Override
    public Integer call() throws InterruptedException {
        Environment environment =
                ModelProviders.environment(JoinedEnvironment.of(DataDirectory.chosen(data)));
        GatewayConfig config = GatewayConfig.from(environment);
        Gateway gateway = open(config);
        return Serving.untilStopped(
                gateway,
                "gateway pid=%d http://%s:%d"
                        .formatted(ProcessHandle.current().pid(), config.host(), gateway.port()));
    }

    private static Gateway open(GatewayConfig config) throws InterruptedException {
        try {
            return Gateway.open(config, LogLines.OF_PROCESS);
        } catch (IllegalStateException e) {
            throw new StartException(e.getMessage() + "; choose another with SERVER_PORT");
        }
    }
}
