package dev.antiphon.engine;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/// The packages that this module can use, beyond what its pom says.
@AnalyzeClasses(packages = "dev.antiphon.engine", importOptions = DoNotIncludeTests.class)
final class ArchitectureTest {

    /// The simulation runs these classes too, so none of them uses the network.
    @ArchTest
    static final ArchRule run =
            classes()
                    .that()
                    .resideInAPackage("dev.antiphon.engine.run..")
                    .should()
                    .onlyDependOnClassesThat()
                    .resideInAnyPackage(
                            "dev.antiphon.engine.run..",
                            "dev.antiphon.protocol..",
                            "dev.antiphon.api..",
                            "dev.antiphon.backplane..",
                            "dev.antiphon.time",
                            "org.slf4j..",
                            "tools.jackson..",
                            "dev.antiphon.tools",
                            "dev.antiphon.engine.workflow",
                            "java..",
                            "javax..",
                            "jdk..",
                            "org.jspecify..");

    /// Workflows use no claims, logs and servers; only they use LangGraph4j.
    @ArchTest
    static final ArchRule workflow =
            classes()
                    .that()
                    .resideInAPackage("dev.antiphon.engine.workflow..")
                    .should()
                    .onlyDependOnClassesThat()
                    .resideInAnyPackage(
                            "dev.antiphon.engine.workflow..",
                            "dev.antiphon.protocol..",
                            "dev.antiphon.api..",
                            "tools.jackson..",
                            "org.bsc..",
                            "java..",
                            "javax..",
                            "jdk..",
                            "org.jspecify..");

    @ArchTest
    static final ArchRule noCycles =
            slices().matching("dev.antiphon.engine.(**)").should().beFreeOfCycles();
}
