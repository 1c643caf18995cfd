"""What a citizen does about the own record: sees who looked, asks for what is due, gives access and takes it back."""
