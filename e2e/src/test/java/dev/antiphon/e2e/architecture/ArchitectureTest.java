package dev.antiphon.e2e.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/// The rules that span all modules. A module's own `ArchitectureTest` says which packages it may use.
@AnalyzeClasses(packages = "dev.antiphon", importOptions = DoNotIncludeTests.class)
final class ArchitectureTest {

    @ArchTest
    static final ArchRule oneClassReadsTheEnvironment =
            noClasses()
                    .that()
                    .doNotHaveFullyQualifiedName("dev.antiphon.protocol.Environment")
                    .should()
                    .callMethod(System.class, "getenv")
                    .orShould()
                    .callMethod(System.class, "getenv", String.class);
}
