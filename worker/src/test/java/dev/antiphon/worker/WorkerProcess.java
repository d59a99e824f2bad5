package dev.antiphon.worker;

import dev.antiphon.protocol.Environment;
import dev.antiphon.providers.ModelProviders;

import java.io.BufferedReader;
import java.io.IOException;
import java.util.Map;

/// A worker in its own process, which a test can kill. It ends by itself when the test ends.
final class WorkerProcess implements AutoCloseable {

    private static final String UP = "up";

    private final Process process;

    private WorkerProcess(Process process) {
        this.process = process;
    }

    static WorkerProcess start(Map<String, String> environment) throws IOException {
        ProcessBuilder builder =
                new ProcessBuilder(
                        System.getProperty("java.home") + "/bin/java",
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        WorkerProcess.class.getName());
        builder.environment().putAll(environment);
        builder.redirectError(ProcessBuilder.Redirect.INHERIT);
        WorkerProcess worker = new WorkerProcess(builder.start());
        worker.awaitUp();
        return worker;
    }

    /// A request that comes before the first worker created the stream is lost. The log before that is skipped.
    private void awaitUp() throws IOException {
        BufferedReader output = process.inputReader();
        String line = output.readLine();
        while (line != null && !line.equals(UP)) {
            line = output.readLine();
        }
        if (line == null) {
            throw new IOException("the worker ended before it was up");
        }
    }

    /// Ends it as a lost machine would: without any message to other processes.
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /// Pauses it as a long pause of its machine would: it does nothing, and its connections stay open.
    void pause() throws IOException, InterruptedException {
        signal("-STOP", process.pid());
    }

    void resume() throws IOException, InterruptedException {
        signal("-CONT", process.pid());
    }

    static void signal(String name, long pid) throws IOException, InterruptedException {
        int status = new ProcessBuilder("kill", name, Long.toString(pid)).start().waitFor();
        if (status != 0) {
            throw new IOException("kill " + name + " failed: " + status);
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }

    /// Works until its standard input ends.
    @SuppressWarnings("try") // if close is interrupted, the process ends anyway
    public static void main(String[] arguments) throws Exception {
        try (Worker _ =
                Worker.open(WorkerConfig.from(Environment.system(ModelProviders.variables())))) {
            System.out.println(UP);
            while (System.in.read() >= 0) {}
        }
    }
}
