package dev.antiphon.e2e.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.alwaysTrue;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.simpleName;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

import java.util.ArrayList;
import java.util.List;

/// Which package may import which. ARCHITECTURE.md draws the same; this is what keeps it true.
@AnalyzeClasses(packages = "dev.antiphon", importOptions = DoNotIncludeTests.class)
final class ArchitectureTest {

    private static final String PROTOCOL = "dev.antiphon.protocol..";
    private static final String BACKPLANE = "dev.antiphon.backplane..";
    private static final String SERVERS = "dev.antiphon.servers..";
    private static final String GATEWAY = "dev.antiphon.gateway..";
    private static final String WORKER = "dev.antiphon.worker..";
    private static final String CHAOS = "dev.antiphon.chaos..";
    private static final String CLI = "dev.antiphon.cli..";
    private static final String JACKSON = "tools.jackson..";
    private static final String SLF4J = "org.slf4j..";

    @ArchTest static final ArchRule protocol = imports(PROTOCOL, JACKSON);

    @ArchTest
    static final ArchRule backplane =
            imports(
                    BACKPLANE,
                    PROTOCOL,
                    SLF4J,
                    JACKSON,
                    "io.lettuce..",
                    "io.netty.channel..",
                    "io.nats..",
                    "com.zaxxer.hikari..",
                    "org.flywaydb..");

    @ArchTest
    static final ArchRule onlyTheHistoryKnowsADatabase =
            noClasses()
                    .that()
                    .resideOutsideOfPackage("dev.antiphon.backplane.history..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage("com.zaxxer.hikari..", "org.flywaydb..", "java.sql..");

    @ArchTest static final ArchRule servers = imports(SERVERS, SLF4J);

    /// It looks at the product from outside only: what it knows of Redis and NATS is in PROTOCOL.md.
    @ArchTest
    static final ArchRule chaos =
            imports(
                    CHAOS,
                    PROTOCOL,
                    SERVERS,
                    JACKSON,
                    "com.fasterxml.jackson.annotation..",
                    "io.lettuce..");

    /// The judge knows nothing but what was written down.
    @ArchTest
    static final ArchRule chaosCheck =
            imports("dev.antiphon.chaos.check..", PROTOCOL, JACKSON, "dev.antiphon.chaos.history");

    @ArchTest
    static final ArchRule gateway =
            imports(
                    GATEWAY,
                    PROTOCOL,
                    BACKPLANE,
                    SLF4J,
                    JACKSON,
                    "io.vertx..",
                    "io.netty..",
                    "io.micrometer..");

    /// The state machines run under the simulation too: nothing in them may know how bytes travel.
    @ArchTest
    static final ArchRule gatewayStream =
            imports(
                    "dev.antiphon.gateway.stream..",
                    PROTOCOL,
                    SLF4J,
                    JACKSON,
                    "dev.antiphon.backplane",
                    "dev.antiphon.backplane.history",
                    "dev.antiphon.backplane.log",
                    "dev.antiphon.backplane.doorbell",
                    "dev.antiphon.backplane.registry");

    @ArchTest
    static final ArchRule worker =
            imports(
                    WORKER,
                    PROTOCOL,
                    BACKPLANE,
                    SLF4J,
                    JACKSON,
                    "dev.langchain4j..",
                    "org.bsc..",
                    "io.github.resilience4j..",
                    "io.micrometer..",
                    "com.sun.net.httpserver..",
                    "com.networknt.schema..",
                    SERVERS,
                    "io.modelcontextprotocol..",
                    "reactor.core..");

    /// Child processes, and reactive types, are MCP's only.
    @ArchTest
    static final ArchRule mcp =
            noClasses()
                    .that()
                    .resideInAPackage(WORKER)
                    .and()
                    .resideOutsideOfPackage("dev.antiphon.worker.mcp..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(SERVERS, "io.modelcontextprotocol..", "reactor.core..");

    @ArchTest
    static final ArchRule mcpKnowsToolsOnly =
            imports(
                    "dev.antiphon.worker.mcp..",
                    PROTOCOL,
                    SERVERS,
                    SLF4J,
                    JACKSON,
                    "dev.antiphon.worker.tool",
                    "dev.antiphon.worker.time",
                    "io.modelcontextprotocol..",
                    "reactor.core..");

    /// A tool is called with a hold on a run, and knows no more of runs, and nothing of workflows.
    @ArchTest
    static final ArchRule tools =
            imports(
                    "dev.antiphon.worker.tool..",
                    PROTOCOL,
                    SLF4J,
                    JACKSON,
                    "dev.antiphon.backplane",
                    "dev.antiphon.backplane.log",
                    "dev.antiphon.backplane.tools",
                    "dev.antiphon.worker.provider",
                    "dev.antiphon.worker.time",
                    "com.networknt.schema..");

    /// Providers count nothing, and nobody but the status page listens.
    @ArchTest
    static final ArchRule onlyTheAssemblyMeters =
            noClasses()
                    .that()
                    .resideInAPackage("dev.antiphon.worker.*..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage("io.micrometer..", "com.sun.net.httpserver..");

    /// As {@link #gatewayStream}.
    @ArchTest
    static final ArchRule workerRun =
            imports(
                    "dev.antiphon.worker.run..",
                    PROTOCOL,
                    BACKPLANE,
                    SLF4J,
                    JACKSON,
                    "dev.antiphon.worker.provider",
                    "dev.antiphon.worker.time",
                    "dev.antiphon.worker.tool",
                    "dev.antiphon.worker.workflow");

    /// Steps know what they may do, and nothing of claims, logs and servers.
    @ArchTest
    static final ArchRule workflows =
            imports(
                    "dev.antiphon.worker.workflow..",
                    PROTOCOL,
                    JACKSON,
                    "dev.antiphon.worker.provider",
                    "org.bsc..");

    @ArchTest
    static final ArchRule onlyWorkflowsKnowTheGraph =
            noClasses()
                    .that()
                    .resideOutsideOfPackage("dev.antiphon.worker.workflow..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage("org.bsc..");

    /// A whole server's protocol, so it stands on what every provider has and nothing else.
    @ArchTest
    static final ArchRule langGraph =
            imports(
                    "dev.antiphon.worker.provider.langgraph..",
                    PROTOCOL,
                    SLF4J,
                    JACKSON,
                    "dev.antiphon.worker.provider",
                    "dev.antiphon.worker.provider.http",
                    "dev.antiphon.worker.time",
                    "dev.langchain4j.http.client..");

    @ArchTest
    static final ArchRule providersKnowNoRuns =
            noClasses()
                    .that()
                    .resideInAPackage("dev.antiphon.worker.provider..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage("dev.antiphon.worker.run..", BACKPLANE);

    /// The loader of others' jars does not know what they are for.
    @ArchTest static final ArchRule extensions = imports("dev.antiphon.worker.extension..", SLF4J);

    @ArchTest
    static final ArchRule onlyTheCliAssembles =
            noClasses()
                    .that()
                    .resideOutsideOfPackage(CLI)
                    .should()
                    .dependOnClassesThat()
                    .resideInAPackage(CLI);

    @ArchTest
    static final ArchRule onlyLogsTouchRedis =
            noClasses()
                    .that()
                    .resideInAnyPackage(PROTOCOL, GATEWAY, WORKER, CLI)
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage("io.lettuce..", "io.nats..");

    @ArchTest
    static final ArchRule theEnvironmentIsReadInOnePlace =
            noClasses()
                    .that()
                    .doNotHaveFullyQualifiedName("dev.antiphon.protocol.Environment")
                    .should()
                    .callMethod(System.class, "getenv")
                    .orShould()
                    .callMethod(System.class, "getenv", String.class);

    /// The class that puts a package's parts together stands above them, in the package that they stand on.
    private static final DescribedPredicate<JavaClass> ASSEMBLES =
            simpleName("Backplane").or(simpleName("Gateway")).or(simpleName("Worker"));

    @ArchTest
    static final ArchRule noCycles =
            slices().matching("dev.antiphon.(**)")
                    .should()
                    .beFreeOfCycles()
                    .ignoreDependency(ASSEMBLES, alwaysTrue());

    @ArchTest
    static final ArchRule nothingLooksUpToWhatAssemblesIt =
            noClasses()
                    .that()
                    .resideInAnyPackage("dev.antiphon.backplane.*", "dev.antiphon.worker.*")
                    .should()
                    .dependOnClassesThat(ASSEMBLES);

    /// The package may import itself, the JDK, the null annotations and `others`.
    private static ArchRule imports(String of, String... others) {
        List<String> allowed =
                new ArrayList<>(List.of(of, "java..", "javax..", "jdk..", "org.jspecify.."));
        allowed.addAll(List.of(others));
        return classes()
                .that()
                .resideInAPackage(of)
                .should()
                .onlyDependOnClassesThat(resideInAnyPackage(allowed.toArray(String[]::new)))
                .allowEmptyShould(true);
    }
}
