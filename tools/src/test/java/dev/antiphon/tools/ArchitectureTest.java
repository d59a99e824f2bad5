package dev.antiphon.tools;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/// The packages that this module can use, beyond what its pom says.
@AnalyzeClasses(packages = "dev.antiphon.tools", importOptions = DoNotIncludeTests.class)
final class ArchitectureTest {

    @ArchTest
    static final ArchRule tools =
            classes()
                    .that()
                    .resideInAPackage("dev.antiphon.tools")
                    .should()
                    .onlyDependOnClassesThat()
                    .resideInAnyPackage(
                            "dev.antiphon.tools",
                            "dev.antiphon.protocol..",
                            "dev.antiphon.api..",
                            "dev.antiphon.time",
                            "org.slf4j..",
                            "tools.jackson..",
                            "dev.antiphon.backplane",
                            "dev.antiphon.backplane.log",
                            "dev.antiphon.backplane.tools",
                            "com.networknt.schema..",
                            "java..",
                            "javax..",
                            "jdk..",
                            "org.jspecify..");

    /// Only MCP uses child processes and reactive types.
    @ArchTest
    static final ArchRule mcp =
            classes()
                    .that()
                    .resideInAPackage("dev.antiphon.tools.mcp..")
                    .should()
                    .onlyDependOnClassesThat()
                    .resideInAnyPackage(
                            "dev.antiphon.tools.mcp..",
                            "dev.antiphon.protocol..",
                            "dev.antiphon.api..",
                            "dev.antiphon.time",
                            "org.slf4j..",
                            "tools.jackson..",
                            "dev.antiphon.tools",
                            "dev.antiphon.servers..",
                            "io.modelcontextprotocol..",
                            "reactor.core..",
                            "java..",
                            "javax..",
                            "jdk..",
                            "org.jspecify..");

    @ArchTest
    static final ArchRule noCycles =
            slices().matching("dev.antiphon.tools.(**)").should().beFreeOfCycles();
}
