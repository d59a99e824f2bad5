package dev.antiphon.providers;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/// The packages that this module can use, beyond what its pom says.
@AnalyzeClasses(packages = "dev.antiphon.providers", importOptions = DoNotIncludeTests.class)
final class ArchitectureTest {

    @ArchTest
    static final ArchRule providers =
            classes()
                    .that()
                    .resideInAPackage("dev.antiphon.providers..")
                    .should()
                    .onlyDependOnClassesThat()
                    .resideInAnyPackage(
                            "dev.antiphon.providers..",
                            "dev.antiphon.protocol..",
                            "dev.antiphon.api..",
                            "dev.antiphon.time",
                            "org.slf4j..",
                            "tools.jackson..",
                            "dev.antiphon.transport",
                            "dev.langchain4j..",
                            "io.github.resilience4j..",
                            "java..",
                            "javax..",
                            "jdk..",
                            "org.jspecify..");

    /// A whole server's protocol: it uses only what every provider uses.
    @ArchTest
    static final ArchRule langGraph =
            classes()
                    .that()
                    .resideInAPackage("dev.antiphon.providers.langgraph..")
                    .should()
                    .onlyDependOnClassesThat()
                    .resideInAnyPackage(
                            "dev.antiphon.providers.langgraph..",
                            "dev.antiphon.protocol..",
                            "dev.antiphon.api..",
                            "dev.antiphon.time",
                            "org.slf4j..",
                            "tools.jackson..",
                            "dev.antiphon.providers",
                            "dev.antiphon.transport",
                            "java..",
                            "javax..",
                            "jdk..",
                            "org.jspecify..");

    @ArchTest
    static final ArchRule noCycles =
            slices().matching("dev.antiphon.providers.(**)").should().beFreeOfCycles();
}
